"""``split=walk_forward``: train, select and test in cycles through time, and say what it all shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.cli.console import Console, finite
from quantamm_cli.cli.options import Options
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError
from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.walk_forward import Aggregate, Outcome, aggregate, judged
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Store
from quantamm_cli.store.walks import WalkPlace
from quantamm_cli.workflows.runtime import start_jax

SCHEMA = 1
_DAY = 86_400_000
"""Milliseconds."""


def evaluated(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """``qsim evaluate split=walk_forward``: of these settings, or of those of another run with these on top."""
    for name in ("periods", "sets", "curvature", "plots"):
        if getattr(options, name):
            raise ConfigError(f"--{name}", "does not go with split=walk_forward; evaluate the run of one of its cycles with it: --run RUN")
    if options.run is not None:
        from quantamm_cli.cli.stored import laid_over

        tree = laid_over(Store(tree["runs_dir"]).load(options.run), tree, options.overrides)
    return walked("evaluate", read_settings(Train, tree), options, console)


def walked(command: str, settings: Train, options: Options, console: Console) -> dict[str, Any]:
    """Train every cycle that is not trained, judge them together, keep and show it; returns the JSON object."""
    place = WalkPlace(Path(settings.runs_dir), settings.fingerprint, _chosen(settings, options))
    if options.dry_run:
        return planned(command, settings, place, console)
    start_jax()
    from quantamm_cli.cli.result import Watch
    from quantamm_cli.cli.walk_tables import show

    watch = Watch()
    done = list(cycles(settings, options, console))
    watch.lap("cycles")
    found = aggregate([each.outcome for each in done], selects(settings))
    seen = next((each.selected.method for each in done if "test" in each.selected.method), None)
    verdict = judged(found, f"--load {seen}" if seen else None)
    told: dict[str, Any] = {
        "cycles": [_with_shares(number, each, found) for number, each in enumerate(done, 1)],
        "aggregate": _aggregate(found, [each.outcome for each in done], [each.told["random"] for each in done]),
        "verdict": verdict._asdict() | {"out_of_sample": seen is None},
    }
    named = {"run": place.name, "fingerprint": place.fingerprint}
    kept = [{key: value for key, value in each.items() if key != "status"} for each in told["cycles"]]
    place.write(finite({"schema": SCHEMA} | named | {"settings": settings.identity()} | told | {"cycles": kept}), _days(done, found))
    watch.lap("judge")
    show(console, place.name, told, found)
    statuses = {each.told["status"] for each in done}
    status = {"status": statuses.pop() if len(statuses) == 1 else "resumed"} if command == "train" else {}
    files = {"result": str(place.result), "daily": str(place.daily)}
    return {"command": command, **named, **told, **status, "seconds": watch.seconds, "files": files}


def cycles(settings: Train, options: Options, console: Console) -> Iterator[Any]:
    """Every cycle in time, each trained before the next begins; with warm starts each begins where the one before ended."""
    from quantamm_cli.cli.cycle import CycleConsole, cycle, named
    from quantamm_cli.cli.warm import warmed

    split, holdouts = settings.split, settings.cycles
    assert isinstance(split, WalkForward)
    alone = replace(options, run=None)
    if settings.warm_start is not None:  # --load chose where the first cycle begins, not what comes of it
        alone = replace(alone, load=None, minimum=0.0)
    _say_leftover(settings, console)
    before = None
    for number, given in enumerate(holdouts, 1):
        one = given if before is None or not split.warm_start else warmed(given, before.run, before.selected)
        name = f"cycle {number} of {len(holdouts)}"
        console.note(f"{name}: trains from {one.start}, tests from {one.end} to {one.test_end}")
        with named(name):
            before = cycle(one, given, alone, CycleConsole(console, name))
        yield before


def planned(command: str, settings: Train, place: WalkPlace, console: Console) -> dict[str, Any]:
    """Which cycles there would be, and where; nothing is touched."""
    split = settings.split
    assert isinstance(split, WalkForward)
    cycles: list[dict[str, Any]] = []
    for number, each in enumerate(settings.cycles, 1):
        known = number == 1 or not split.warm_start  # what a later one begins at is not known before
        run = {"run": f"run_{each.fingerprint}"} if known else {}
        cycles.append({"cycle": number, **run, "start": each.start, "end": each.end, "test_end": each.test_end})
    store = Store(settings.runs_dir)
    rows = [[each["cycle"], each["start"], each["end"], each["test_end"], _there(store, each.get("run"))] for each in cycles]
    console.table(place.name, ["cycle", "trains from", "tests from", "to", "run"], rows)
    _say_leftover(settings, console)
    files = {"result": str(place.result), "daily": str(place.daily)}
    named = {"run": place.name, "fingerprint": place.fingerprint}
    return {"command": command, **named, "cycles": cycles, "settings": settings.identity(), "files": files}


def selects(settings: Train) -> str:
    """The metric that selects in every cycle."""
    from quantamm_cli.cli.stored import selection_metric

    return selection_metric(settings)


def _there(store: Store, run: str | None) -> str:
    if run is None:
        return "begins where the one before ends"
    return f"{run[:16]}{' (exists)' if store.path(run[4:]).exists() else ''}"


def _chosen(settings: Train, options: Options) -> str:
    """What tells the files of a selection apart from those of the usual one. Raises ConfigError if there is no such rule."""
    from quantamm_cli.cli.stored import chooser

    chooser(settings.cycles[0], options)
    if options.load is None or settings.warm_start is not None:
        return ""
    return f"-{options.load}" + (f"-{options.minimum:g}" if "_min_" in options.load else "")


def _say_leftover(settings: Train, console: Console) -> None:
    tested = settings.cycles[-1].test_end
    assert tested is not None
    assert settings.test_end is not None
    rest = minute(settings.test_end) - minute(tested)
    if rest:
        console.note(f"{rest / 1440:.4g} days from {tested} on fill no block; they are not tested")


def _with_shares(number: int, each: Any, found: Aggregate) -> dict[str, Any]:
    shares = {"efficiency": found.cycles.efficiencies[number - 1], "gap": found.cycles.gaps[number - 1]}
    told: dict[str, Any] = each.told
    return {"cycle": number} | told | shares


def _aggregate(found: Aggregate, outcomes: Sequence[Outcome], random: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sharpe ratios a year; ``random`` is what each cycle tells of untrained parameters."""
    cycles = {name: value for name, value in asdict(found.cycles).items() if name not in ("efficiencies", "gaps")}
    cycles["worst_cycle"] = None if found.cycles.worst_cycle is None else found.cycles.worst_cycle + 1
    trials = {"total": sum(each.luck.trials for each in outcomes), "effective": max(each.luck.effective for each in outcomes)}
    between = {name: {"mean": each.mean._asdict(), "sharpe": each.sharpe._asdict()} for name, each in found.differences.items()}
    return {
        "metric": found.metric,
        **cycles,
        "metrics": found.means,
        "lowest": found.worst,
        "trials": trials,
        "random": {name: {"beaten": float(np.mean([each[name]["beaten"] for each in random]))} for name in random[0]},
        "rademacher": float(np.mean([each.luck.complexity for each in outcomes])),
        "haircut": {"adjusted": found.adjusted, "bound": found.bound},
        "deflated_sharpe": found.deflated._asdict() | {name: ANNUAL * getattr(found.deflated, name) for name in ("sharpe", "benchmark")},
        "intervals": {"block_days": found.block, "sharpe": found.sharpe._asdict()} | between,
        "least_above": found.hardest,
    }


def _days(cycles: Sequence[Any], found: Aggregate) -> dict[str, Any]:
    """Daily returns out of sample by strategy, with the day (its midnight, in ms since 1970) and the cycle of each."""
    lengths = [len(each.outcome.returns["pool"]) for each in cycles]
    days = [each.first_day + np.arange(length) for each, length in zip(cycles, lengths, strict=True)]
    return {"unix": np.concatenate(days) * _DAY, "cycle": np.repeat(np.arange(1, len(cycles) + 1), lengths), **found.returns}
