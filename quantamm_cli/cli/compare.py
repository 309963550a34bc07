"""``qsim runs compare``: in what runs differ, what one selection rule makes of each, and what each earned above the first day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError, QsimError
from quantamm_cli.reporting.tables import dotted
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.named import KINDS, NAME_DIGITS
from quantamm_cli.store.others import walk_place
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.store.walks import Walk, read_walk
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import all_selections, chooser

Days = Mapping[int, float]
"""Daily returns by the minute since 1970 at which the day ends."""


@dataclass(frozen=True)
class Side:
    """A run or a walk-forward beside others."""

    found: Run | Walk
    selection: dict[str, Any] | None
    scores: Mapping[str, float]
    metric: str

    @property
    def head(self) -> str:
        """What heads its column."""
        return self.found.name.removeprefix("run_")[: NAME_DIGITS if isinstance(self.found, Run) else len("walk_") + NAME_DIGITS]


def compared(names: Sequence[str], tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Settings that differ, scores, and paired differences of daily returns on the test days that a run has in common with the first."""
    rule = options.load or "best_validation"
    store = Store(tree["runs_dir"])
    sides = [_side(store, name, rule, options) for name in names]
    trees = [dict(dotted(side.found.settings)) for side in sides]
    keys = sorted({key for tree in trees for key in tree})
    differ = {key: [tree.get(key) for tree in trees] for key in keys if len({canonical(tree.get(key)) for tree in trees}) > 1}
    rows = [[key, *(canonical(value) for value in values)] for key, values in differ.items()]
    metrics = {side.metric for side in sides}
    metric = metrics.pop() if len(metrics) == 1 else "(own metric)"
    for period in ("train", "validation", "test"):
        scores = [side.scores.get(period) for side in sides]
        rows.append([f"{period} {metric}", *("-" if score is None else f"{score:.4f}" for score in scores)])
    console.table(f"{rule}", ["", *(side.head for side in sides)], rows)
    paired = _paired(sides, tree, replace(options, load=rule), console)
    runs = [{"run": side.found.name, "selection": side.selection} for side in sides]
    return {"load": rule, "differences": differ, "runs": runs, "paired": paired}


def _side(store: Store, name: str, rule: str, options: Options) -> Side:
    held = store.named(name)
    if held.kind in ("compete", "study"):
        cure = "qsim compete leaderboard RECEIPT RECEIPT ranks competitions" if held.kind == "compete" else "name runs of its trials"
        raise ConfigError(held.short, f"is a {KINDS[held.kind]}, not a run or a walk-forward; {cure}")
    return _walk(read_walk(walk_place(held))) if held.kind == "walk" else _run(store.load(held.path), rule, options)


def _run(found: Run, rule: str, options: Options) -> Side:
    settings = found.settings
    choice = all_selections(found, options.minimum).get(rule)
    metric = settings["split"]["selection_metric"] or settings["metric"]["kind"]
    return Side(found, choice, {} if choice is None else choice["scores"], metric)


def _walk(found: Walk) -> Side:
    """Scores are means over its cycles."""
    told, settings = found.result["aggregate"], found.settings
    metric = settings["split"]["selection_metric"] or settings["metric"]["kind"]
    return Side(found, None, {period: scores[metric] for period, scores in told["metrics"].items()}, metric)


def _paired(sides: Sequence[Side], tree: dict[str, Any], options: Options, console: Console) -> list[dict[str, Any]]:
    """Every other one against the first, on their common days; what stands in the way is one line."""
    first, *others = ((side, _daily(side, tree, options)) for side in sides)
    told = [_pair(side, found, *first) for side, found in others]
    rows = []
    for each, (side, _) in zip(told, others, strict=True):
        if "reason" in each:
            console.note(f"{side.head} less {first[0].head}: no paired difference: {each['reason']}")
            continue
        rows.append([side.head, each["days"], each["from"], each["to"], *_cells(each["mean"]), *_cells(each["sharpe"])])
    if rows:
        seen = " (chosen on the test period)" if "test" in (options.load or "") else ""
        heads: list[str | tuple[str, str]] = ["less " + first[0].head, "days", "from", "to", ("yearly return", "+.4f"), "95 % interval"]
        console.table(f"paired differences on common test days{seen}", [*heads, ("yearly Sharpe ratio", "+.3f"), "95 % interval"], rows)
    return told


def _pair(side: Side, own: Days | str, first: Side, base: Days | str) -> dict[str, Any]:
    """The interval of the difference, or why there is none."""
    from quantamm_cli.evaluation.walk_forward import difference

    names = {"run": side.found.name, "against": first.found.name}
    for who, days in ((first, base), (side, own)):
        if isinstance(days, str):
            return names | {"reason": f"{who.head}: {days}"}
    assert not isinstance(own, str)
    assert not isinstance(base, str)
    common = sorted(own.keys() & base.keys())
    if not common:
        return names | {"reason": "they have no test day in common"}
    found = difference(np.array([own[day] for day in common]), np.array([base[day] for day in common]))
    dates = {"from": date_text(common[0] - 1439), "to": date_text(common[-1] + 1)}
    return names | {"days": len(common)} | dates | {"mean": found.mean._asdict(), "sharpe": found.sharpe._asdict()}


def _daily(side: Side, tree: dict[str, Any], options: Options) -> Days | str:
    """Returns of the test days, or why they are not known."""
    found = side.found
    if isinstance(found, Walk):
        ends = found.daily["unix"] // 60_000 + 1439
        return dict(zip(ends.tolist(), found.daily["pool"].tolist(), strict=True))
    try:
        return _computed(found, tree, options)
    except QsimError as failure:
        return str(failure)


def _computed(found: Run, tree: dict[str, Any], options: Options) -> Days | str:
    """The run's chosen set over its test period once more: ``trajectory.npz`` may be lost, or have too few rows."""
    from quantamm_cli.config.stored_settings import laid_over

    settings = read_settings(Train, laid_over(found, tree, ()))
    if "test" not in settings.periods:
        return "has no test period"
    start_jax()
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.evaluation.daily import daily, day_rows
    from quantamm_cli.pools.base import AbstractPool

    selected, pool, span = chooser(settings, options.selection)(found), AbstractPool.typed(settings.pool), settings.periods["test"]
    market = load_market(settings, settings.test_end or settings.end)
    earned = daily(pool, selected.params, feed(settings, market), *span).returns["pool"]
    ends = minute(settings.start) + day_rows(*span)[1:]
    return dict(zip(ends.tolist(), earned.tolist(), strict=True))


def _cells(found: Mapping[str, Any]) -> list[Any]:
    return [found["estimate"], found["reason"] or f"{found['low']:+.3f} to {found['high']:+.3f}"]
