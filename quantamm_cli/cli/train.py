"""``qsim train``: fit, validate, keep, select, and show what came of it."""

import json
import time
from dataclasses import replace
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.signals import Stop
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.runs import BusyError, Run, Store, Writer
from quantamm_cli.workflows.data import data_digest, describe_market, load_market
from quantamm_cli.workflows.runtime import start_jax

_STATUS = {"new": "new", "resumed": "resumed", "finished": "reused"}
_PATIENCE = 7 * 86400.0
"""Seconds to wait for another process that trains the same run."""


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Train these settings to the end, or take up where an earlier call stopped; returns the JSON object."""
    settings, begun = _begun(tree, options, console)
    if isinstance(settings.split, WalkForward):
        from quantamm_cli.cli.walk_forward import walked

        return walked("train", settings, options, console)
    if options.dry_run:
        return planned("train", settings, console)
    if settings.warm_start is not None and begun is None:
        start = settings.warm_start
        console.note(f"beginning with step {start.step}, set {start.set} of run_{start.run[:12]}…")
        options = replace(options, load=None, minimum=0.0)  # they chose the beginning, not the result
    return trained(settings, options, console, begun)


def _begun(tree: dict[str, Any], options: Options, console: Console) -> tuple[Train, Run | None]:
    """The settings, and the run whose whole state is taken over."""
    if options.run is None:
        if options.go_on:
            raise ConfigError("--continue", "needs --run RUN, the run that is to be made longer")
        return read_settings(Train, tree), None
    from quantamm_cli.cli.warm import continued, warm

    found = Store(tree["runs_dir"]).load(options.run)
    return (continued(found, tree, options), found) if options.go_on else (warm(found, tree, options, console), None)


def planned(command: str, settings: Simulate, console: Console) -> dict[str, Any]:
    """What would be run, and where it would be; nothing is touched."""
    path = Store(settings.runs_dir).path(settings.fingerprint)
    console.say(json.dumps(settings.identity(), indent=2))
    console.say(f"fingerprint {settings.fingerprint}\ncheckpoint  {path}{' (exists)' if path.exists() else ''}")
    named = {"run": f"run_{settings.fingerprint}", "fingerprint": settings.fingerprint}
    return {"command": command, **named, "settings": settings.identity(), "files": {"checkpoint": str(path)}}


def trained(settings: Train, options: Options, console: Console, begun: Run | None = None) -> dict[str, Any]:
    """Train and assess typed settings, going on from where a shorter run of them is if one is ``begun``; returns the JSON object."""
    start_jax()
    from quantamm_cli.cli.evaluate import assessed
    from quantamm_cli.cli.result import Watch
    from quantamm_cli.cli.session import opening
    from quantamm_cli.cli.stored import chooser
    from quantamm_cli.cli.warm import same_data

    choose = chooser(settings, options)
    opening(settings)
    watch = Watch()
    market = load_market(settings, settings.test_end or settings.end)
    for line in describe_market(market):
        console.note(line)
    watch.lap("data")
    store = Store(settings.runs_dir)
    data = data_digest(settings, market)
    if begun is not None:
        same_data(begun, data)
    with _opened(store, settings, data, options.fresh, console) as writer:
        if writer.status == "finished":
            console.note(f"run_{settings.fingerprint[:12]}… is finished; reusing it (--fresh starts over)")
        else:
            watch.split("compile", _train(settings, market, writer, console, begun), "run")
        status = _STATUS[writer.status]
    found = store.load(settings.fingerprint)
    result: dict[str, Any] = assessed("train", settings, found, choose(found), console, watch, market)
    return result | {"status": status} | _befell(found, settings, console)


def _befell(found: Run, settings: Train, console: Console) -> dict[str, Any]:
    """How often each parameter set diverged and was drawn anew, and why it ended before its steps, if any did."""
    from quantamm_cli.training.base import Fit

    fit = Fit.typed(settings.fit)
    last, heard = found.entries[-1], {}
    if counts := last.get("redrawn"):
        told = ", ".join(f"set {one} {'once' if count == 1 else f'{count} times'}" for one, count in enumerate(counts) if count)
        console.warn(f"parameter sets diverged and were drawn anew: {told}; {fit.remedy} may help")
        heard["redrawn"] = counts
    if reasons := last.get("ended"):
        for reason in dict.fromkeys(filter(None, reasons)):
            sets = ", ".join(str(one) for one, other in enumerate(reasons) if other == reason)
            console.note(f"set {sets} ended before step {fit.steps}: {reason}")
        heard["ended"] = reasons
    return heard


def _opened(store: Store, settings: Train, data: str, fresh: bool, console: Console) -> Writer:
    """The writer of the run, once nobody else is."""
    try:
        return store.open(settings.identity(), data=data, fresh=fresh)
    except BusyError as busy:
        console.note(f"{busy.message}; waiting")
        return store.open(settings.identity(), data=data, fresh=False, wait=_PATIENCE)


def _train(settings: Train, market: Any, writer: Writer, console: Console, begun: Run | None) -> float:
    """Run the fit to its end under the writer's lock; seconds until the first entry, most of them compiling."""
    from quantamm_cli.cli.session import Session
    from quantamm_cli.training.fit import fit

    began, first = time.perf_counter(), 0.0
    session = Session(settings, market, writer)
    if begun is not None and writer.status == "new":
        session.adopt(begun)
        console.note(f"going on from step {session.step} of {begun.name[:16]}…")
    elif session.entries:
        console.note(f"resuming run_{settings.fingerprint[:12]}… after step {session.step}")
    with Stop(session.interrupted, console.stopped) as stop, console.progress(session.problem.fit.steps, "training") as bar:
        try:
            for report, progress in fit(session.problem, session.progress):
                first = first or time.perf_counter() - began
                session.record(report, progress)
                bar.update(report.step, session.said(report))
                if stop.asked:
                    raise stop.interrupted()
        except DivergedError as lost:
            if not session.entries:
                raise
            session.save("stopped")
            told = f"{lost.message}; those up to step {session.step} are saved in {writer.path}"
            raise DivergedError(lost.where, told) from None
        session.save("finished")
    return first
