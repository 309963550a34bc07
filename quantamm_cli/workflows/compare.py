"""Compares results: settings that differ, scores under one selection rule, and paired
differences of daily returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantamm_cli.config.composed import Composed
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import ConfigError, QsimError
from quantamm_cli.evaluation.daily import daily, day_rows
from quantamm_cli.evaluation.walk_forward import Difference, difference
from quantamm_cli.market import Market
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.run_tables import Choice
from quantamm_cli.reporting.table import Column, Table, cell
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.history import Older, older_json
from quantamm_cli.settings.json_tree import Json, dotted, finite
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.signs import shown
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.result_names import KINDS, NAME_DIGITS
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.store.walks import Walk, WalkPlace, read_walk
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.inputs import Bound, bound
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selection, all_selections, chooser, stored_metric

Days = Mapping[int, float]
"""Daily returns by the minute since 1970 at which the day ends."""


@dataclass(frozen=True)
class Side:
    """A run or a walk-forward in a comparison."""

    stored: Run | Walk
    selection: Choice | None
    scores: Mapping[str, float | None]
    metric: str
    bound: Bound | None = None
    """What the daily returns of a run are computed from again."""

    @property
    def older(self) -> tuple[Older, ...]:
        """Definitions that changed since the result was made."""
        return self.stored.older

    @property
    def head(self) -> str:
        """The heading of its column, with a star if it was made by an older definition."""
        digits = NAME_DIGITS
        if isinstance(self.stored, Walk):
            digits += len("walk_")
        return self.stored.name.removeprefix("run_")[:digits] + "*" * bool(self.older)


@dataclass(frozen=True)
class Pair:
    """The difference between a side and the first on their common days, or why there is none."""

    side: Side
    first: Side
    reason: str | None
    between: Difference | None = None
    days: int = 0
    start: str = ""
    end: str = ""

    def to_dict(self) -> dict[str, Json]:
        """As JSON."""
        tree: dict[str, Json] = {"run": self.side.stored.name, "against": self.first.stored.name}
        if self.between is None:
            return tree | {"reason": self.reason}
        return tree | {
            "days": self.days,
            "from": self.start,
            "to": self.end,
            "mean": self.between.mean._asdict(),
            "sharpe": self.between.sharpe._asdict(),
        }

    def cells(self) -> list[Json]:
        """Days, dates, and both differences with their intervals."""
        cells: list[Json] = [self.days, self.start, self.end]
        if self.between is not None:
            for each in (self.between.mean, self.between.sharpe):
                interval = each.reason or f"{each.low:+.3f} to {each.high:+.3f}"
                cells += [each.estimate, interval]
        return cells


@dataclass(frozen=True)
class Comparison(Result):
    """Runs and walk-forwards beside each other; all others paired with the first by day."""

    selection: Selection
    sides: tuple[Side, ...]
    differences: dict[str, list[Json]]
    """Settings that differ, by dotted name, with one value for each side."""
    paired: tuple[Pair, ...]

    @property
    def rule(self) -> str:
        """The selection rule."""
        return str(self.selection.rule)

    def to_dict(self) -> dict[str, Json]:
        runs: list[Json] = []
        for side in self.sides:
            selection = finite(side.selection)
            each = {"run": side.stored.name, "selection": selection, **older_json(side.older)}
            runs.append(each if side.bound is None else each | side.bound.to_dict())
        paired = [pair.to_dict() for pair in self.paired]
        tree: dict[str, Json] = {"load": self.rule, "differences": self.differences}
        if self.selection.by is not None:
            tree["by"] = self.selection.by
        return {**tree, "runs": runs, "paired": paired}

    def tables(self) -> Sequence[Table | str]:
        rows = [[key, *map(canonical, values)] for key, values in self.differences.items()]
        metrics = {side.metric for side in self.sides}
        metric = metrics.pop() if len(metrics) == 1 else "(own metric)"
        for period in ("train", "validation", "test"):
            scores = [shown(side.metric, side.scores.get(period)) for side in self.sides]
            rows.append([f"{period} {metric}", *map(_score_text, scores)])
        lines = [self.rule]
        for side in self.sides:
            changes = [*side.older, *(side.bound.lines if side.bound else ())]
            lines += [f"{side.head} {change}" for change in changes]
        tables = [Table.of("\n".join(lines), ["", *(side.head for side in self.sides)], rows)]
        pairs = [pair for pair in self.paired if pair.between is not None]
        if pairs:
            tables.append(self._paired_table(pairs))
        return tables

    def _paired_table(self, pairs: Sequence[Pair]) -> Table:
        rows = [[pair.side.head, *pair.cells()] for pair in pairs]
        used_test = " (chosen on the test period)" if "test" in self.rule else ""
        heads: list[Column] = [f"less {self.sides[0].head}", "days", "from", "to"]
        heads += [("yearly return", "+.4f"), "95 % interval"]
        heads += [("yearly Sharpe ratio", "+.3f"), "95 % interval"]
        return Table.of(f"paired differences on common test days{used_test}", heads, rows)


def _score_text(score: float | None) -> str:
    return cell(score, ".4f")


def compare(
    names: Sequence[str],
    composed: Composed,
    selection: Selection,
    monitor: Monitor,
    other_data: bool = False,
) -> Comparison:
    """Settings that differ, scores, and paired differences of daily returns.

    The differences are taken on the test days that a result has in common with the first.
    ``other_data``: go on although an input of a run has changed, and say so.

    Raises:
        DataError: an input of a run has changed since it was made.
    """
    selection = replace(selection, rule=selection.rule or "best_validation")
    store = Store(composed.runs_dir)
    sides, days = [], []
    for name in names:
        side = _side(store, name, composed, selection)
        if isinstance(side.stored, Run):
            side, returns = _of_run(side, side.stored, composed, selection, other_data, monitor)
        else:
            returns = _of_walk(side.stored)
        sides.append(side)
        days.append(returns)
    pairs = zip(sides[1:], days[1:], strict=True)
    paired = tuple(_pair(side, daily, sides[0], days[0]) for side, daily in pairs)
    for pair in paired:
        if pair.reason is not None:
            names = f"{pair.side.head} less {pair.first.head}"
            monitor.note(f"{names}: no paired difference: {pair.reason}")
    return Comparison(selection, tuple(sides), _differences(sides), paired)


def _differences(sides: Sequence[Side]) -> dict[str, list[Json]]:
    """Settings that differ, by dotted name, with one value for each side."""
    trees = [dict(dotted(side.stored.settings)) for side in sides]
    differences: dict[str, list[Json]] = {}
    for key in sorted(set().union(*trees)):
        values = [tree.get(key) for tree in trees]
        if len(set(map(canonical, values))) > 1:
            differences[key] = values
    return differences


def _side(store: Store, name: str, composed: Composed, selection: Selection) -> Side:
    stored = store.named(name)
    if stored.kind in ("compete", "study"):
        hint = "name runs of its trials"
        if stored.kind == "compete":
            hint = "qsim compete leaderboard RECEIPT RECEIPT ranks competitions"
        raise ConfigError(
            stored.short, f"is a {KINDS[stored.kind]}, not a run or a walk-forward; {hint}"
        )
    if stored.kind == "walk":
        return _side_of_walk(read_walk(WalkPlace.of(stored)), selection)
    return _side_of_run(store.load(stored.path), composed, selection)


def _side_of_run(run: Run, composed: Composed, selection: Selection) -> Side:
    settings = None
    if selection.by is not None:
        start_jax()
        settings = composed.of_run(run).decoded(Train)
    choice = all_selections(run, selection, settings).get(str(selection.rule))
    scores = {} if choice is None else choice["scores"]
    return Side(run, choice, scores, selection.by or stored_metric(run.settings))


def _side_of_walk(walk: Walk, selection: Selection) -> Side:
    """Its scores are means over the cycles."""
    metric = selection.by or stored_metric(walk.settings)
    means = walk.result["aggregate"]["metrics"]
    return Side(
        walk, None, {period: scores.get(metric) for period, scores in means.items()}, metric
    )


def _pair(side: Side, returns: Days | str, first: Side, base: Days | str) -> Pair:
    """The difference of daily returns, or the reason why there is none."""
    if isinstance(base, str):
        return Pair(side, first, f"{first.head}: {base}")
    if isinstance(returns, str):
        return Pair(side, first, f"{side.head}: {returns}")
    common = sorted(returns.keys() & base.keys())
    if not common:
        return Pair(side, first, "they have no test day in common")
    between = difference(
        np.array([returns[day] for day in common]), np.array([base[day] for day in common])
    )
    start, end = date_text(common[0] - 1439), date_text(common[-1] + 1)
    return Pair(side, first, None, between, len(common), start, end)


def _of_walk(walk: Walk) -> Days:
    """Returns of the test days above the riskless rate."""
    ends = walk.daily["unix"] // 60_000 + 1439
    returns = walk.daily["pool"] - walk.daily.get("riskless", 0.0)
    return dict(zip(ends.tolist(), returns.tolist(), strict=True))


def _of_run(
    side: Side,
    run: Run,
    composed: Composed,
    selection: Selection,
    other_data: bool,
    monitor: Monitor,
) -> tuple[Side, Days | str]:
    """The side with what it is computed from, and the returns of the chosen set on the test days
    above the riskless rate, or the reason why there are none.

    They are computed again: ``trajectory.npz`` may be deleted, or have too few rows.

    Raises DataError if an input has changed, unless ``other_data``.
    """
    try:
        settings = composed.of_run(run).read(Train)
        market = load_market(settings, last_date(settings))
    except QsimError as failure:
        return side, str(failure)
    sources = bound(run, settings, settings, market, other_data, monitor)
    side = replace(side, bound=sources)
    try:
        return side, _computed(run, settings, market, selection)
    except QsimError as failure:
        return side, str(failure)


def _computed(run: Run, settings: Train, market: Market, selection: Selection) -> Days | str:
    if "test" not in settings.periods:
        return "has no test period"
    start_jax()
    selected = chooser(settings, selection)(run)
    pool, span = AbstractPool.typed(settings.pool), settings.periods["test"]
    returns = daily(pool, selected.params, feed(settings, market), *span).excess["pool"]
    ends = minute(settings.start) + day_rows(*span)[1:]
    return dict(zip(ends.tolist(), returns.tolist(), strict=True))
