"""``qsim train``: fit, validate, keep, select, and show what came of it."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quantamm_cli.cli import app
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.signals import Stop
from quantamm_cli.errors import DivergedError
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Store, Writer

if TYPE_CHECKING:
    import numpy as np

    from quantamm_cli.training.fit import Problem, Progress, Report

_SAVE_SECONDS = 1.0
_TRACKED = ("daily_log_sharpe", "daily_sharpe", "returns", "annualised_returns", "returns_over_hodl", "returns_over_uniform_hodl")


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Train these settings to the end, or take up where an earlier call stopped; returns the JSON object."""
    settings = app.read_settings(Train, tree)
    if options.dry_run:
        return planned("train", settings, console)
    app.start_jax()
    return trained(settings, options, console)


def planned(command: str, settings: Any, console: Console) -> dict[str, Any]:
    """What would be run, and where it would be; nothing is touched."""
    import json

    path = Store(settings.runs_dir).path(settings.fingerprint)
    console.say(json.dumps(settings.identity(), indent=2))
    console.say(f"fingerprint {settings.fingerprint}\ncheckpoint  {path}{' (exists)' if path.exists() else ''}")
    return {
        "command": command,
        "run": f"run_{settings.fingerprint}",
        "fingerprint": settings.fingerprint,
        "settings": settings.identity(),
        "files": {"checkpoint": str(path)},
    }


def trained(settings: Train, options: Options, console: Console) -> dict[str, Any]:
    """Train and assess typed settings."""
    from quantamm_cli.cli.evaluate import assessed
    from quantamm_cli.cli.result import Watch
    from quantamm_cli.cli.stored import choose
    from quantamm_cli.training.selection import rule_name

    if options.load is not None:
        rule_name(options.load)
    watch = Watch()
    market = app.load_market(settings, settings.test_end or settings.end)
    for line in app.describe_market(market):
        console.note(line)
    watch.lap("data")
    store = Store(settings.runs_dir)
    with store.open(settings.identity(), data=app.data_digest(settings, market), fresh=options.fresh, wait=60.0) as writer:
        status = {"new": "new", "resumed": "resumed", "finished": "reused"}[writer.status]
        if writer.status == "finished":
            console.note(f"run_{settings.fingerprint[:12]}… is finished; reusing it (--fresh starts over)")
        else:
            compiled = _train(settings, market, writer, console)
            watch.lap("train")
            watch.seconds["compile"] = compiled
    found = store.load(settings.fingerprint)
    selected = choose(settings, found.history() if options.minimum else found.entries, options.load, options.minimum)
    return {"status": status} | assessed("train", settings, found, selected, console, watch, market)


def _train(settings: Train, market: Any, writer: Writer, console: Console) -> float:
    """Run the fit to its end under the writer's lock; seconds until the first entry, most of them compiling."""
    from quantamm_cli.training.fit import fit, stopped_early

    began, first = time.perf_counter(), 0.0
    session = _Session(settings, market, writer)
    if session.entries:
        console.note(f"resuming run_{settings.fingerprint[:12]}… after step {session.entries[-1]['step']}")
    with Stop(session.interrupted, console.stopped) as stop, console.progress(settings.fit.steps, "training") as bar:  # type: ignore[attr-defined]
        if not stopped_early(session.problem, session.progress):
            try:
                for report, progress in fit(session.problem, session.progress):
                    first = first or time.perf_counter() - began
                    session.record(report, progress)
                    bar.update(report.step, session.said(report))
                    if stop.asked:
                        raise stop.interrupted()
            except DivergedError:
                if session.entries:
                    session.save("stopped")
                raise
        session.save("finished")
    return round(first, 3)


class _Session:
    """What has been trained so far, and how it is saved."""

    def __init__(self, settings: Train, market: Any, writer: Writer) -> None:
        self.settings, self.writer = settings, writer
        self.provenance = app.provenance(market)
        self.problem, self.progress, self.specs = _problem(settings, market)
        self.entries: list[dict[str, Any]] = []
        self._saved = 0
        self._when = time.monotonic()
        if writer.run is not None and writer.state is not None:
            self.entries = writer.run.history()
            self._saved = len(self.entries)
            self.progress = _restored(self.progress, writer.state)

    def record(self, report: "Report", progress: "Progress") -> None:
        """Keep an entry, and save now and then."""
        from quantamm_cli.core.params import readable

        entry = {
            "step": report.step,
            "params": report.params,
            "readable": readable(self.specs, report.params),
            "objective": report.objective,
            "metrics": report.metrics,
            "learning_rate": report.learning_rate,
            "since_improvement": report.since_improvement,
        }
        # One assignment, so that a save from the signal thread never sees an entry without its progress.
        self.entries, self.progress = [*self.entries, entry], progress
        if time.monotonic() - self._when > _SAVE_SECONDS:
            self.save("running")

    def save(self, status: str) -> None:
        """Make everything so far durable."""
        from quantamm_cli.cli.stored import scoreboard, selection_metric
        from quantamm_cli.training.selection import keepers

        entries, progress = self.entries, self.progress
        kept = keepers(scoreboard(entries, selection_metric(self.settings)))
        self.writer.save(entries[self._saved :], [entries[index] for index in kept], _state(progress), status, self.provenance)
        self._saved, self._when = len(entries), time.monotonic()

    def interrupted(self) -> str:
        """Save because we were asked to stop; what to tell the user."""
        if not self.entries:
            return "stopped before the first step was done; nothing to save"
        self.save("stopped")
        return f"stopped; step {self.entries[-1]['step']} of run_{self.settings.fingerprint[:12]}… is saved; the same command goes on from there"

    def said(self, report: "Report") -> str:
        """The metric, for the bar."""
        period, metric = self.problem.watched
        import numpy as np

        return f"{period} {metric} {np.nanmax(np.asarray(report.metrics[period][metric], float)):.3f}"


def _problem(settings: Train, market: Any) -> tuple["Problem", "Progress", Any]:
    """The typed settings as a training problem, and its beginning."""
    from quantamm_cli.cli.stored import selection_metric
    from quantamm_cli.core.params import initial, trainable
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.errors import ConfigError
    from quantamm_cli.metrics import Metric
    from quantamm_cli.pools.base import AbstractPool
    from quantamm_cli.training.base import GradientFit
    from quantamm_cli.training.fit import Problem, begin

    pool, fit, metric = settings.pool, settings.fit, settings.metric
    assert isinstance(pool, AbstractPool) and isinstance(fit, GradientFit) and isinstance(metric, Metric)
    assets = len(settings.tokens)
    specs = pool.parameters(assets)
    if not trainable(specs):
        raise ConfigError("pool", f"{pool.kind} has nothing to train; use qsim simulate, or pool=temporal")
    params = initial(specs, settings.params, fit.parameter_sets, assets, fit.noise_scale, fit.seed)
    watched = selection_metric(settings)
    problem = Problem(
        pool=pool,
        feed=feed(settings, market),
        fit=fit,
        trains=trainable(specs),
        metric=metric.kind,
        turnover_penalty=metric.turnover_penalty,
        window_rows=settings.window_rows,
        bout_offset=settings.split.bout_offset,
        spans=tuple((name, first, last) for name, (first, last) in settings.periods.items()),
        tracked=tuple(dict.fromkeys((metric.kind, watched, *_TRACKED))),
        watched=("validation" if "validation" in settings.periods else "train", watched),
    )
    return problem, begin(problem, params), specs


def _state(progress: "Progress") -> dict[str, "np.ndarray"]:
    """What the next step depends on, as arrays."""
    import jax
    import numpy as np

    arrays = {f"params/{name}": np.asarray(value) for name, value in progress.params.items()}
    arrays |= {f"optimiser/{index}": np.asarray(leaf) for index, leaf in enumerate(jax.tree.leaves(progress.optimiser))}
    return arrays | {
        "step": np.asarray(progress.step - 1),
        "best": np.asarray(progress.best),
        "since_improvement": np.asarray(progress.since_improvement),
    }


def _restored(opening: "Progress", state: Mapping[str, "np.ndarray"]) -> "Progress":
    """Progress as it was saved, in the shape of the run's beginning."""
    import jax
    import jax.numpy as jnp

    from quantamm_cli.training.fit import Progress

    leaves, shape = jax.tree.flatten(opening.optimiser)
    optimiser = jax.tree.unflatten(shape, [jnp.asarray(state[f"optimiser/{index}"]) for index in range(len(leaves))])
    params = {name: jnp.asarray(state[f"params/{name}"]) for name in opening.params}
    return Progress(int(state["step"]) + 1, params, optimiser, float(state["best"]), int(state["since_improvement"]))
