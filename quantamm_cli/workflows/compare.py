"""In what runs differ, what one selection rule makes of each,
and what each earned above the first day by day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quantamm_cli.config.composed import Composed
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import ConfigError, QsimError
from quantamm_cli.evaluation.daily import daily, day_rows
from quantamm_cli.evaluation.walk_forward import Difference, difference
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.run_tables import Choice
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.history import Older, older_json
from quantamm_cli.settings.json_tree import Json, dotted, finite
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.other_results import walk_place
from quantamm_cli.store.result_names import KINDS, NAME_DIGITS
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.store.walks import Walk, read_walk
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selection, all_selections, chooser, stored_metric

Days = Mapping[int, float]
"""Daily returns by the minute since 1970 at which the day ends."""


@dataclass(frozen=True)
class Side:
    """A run or a walk-forward beside others."""

    found: Run | Walk
    selection: Choice | None
    scores: Mapping[str, float | None]
    metric: str

    @property
    def older(self) -> tuple[Older, ...]:
        """What it was made by and has changed since."""
        return self.found.older

    @property
    def head(self) -> str:
        """What heads its column; with a star if it was made by an older definition."""
        digits = NAME_DIGITS if isinstance(self.found, Run) else len("walk_") + NAME_DIGITS
        return self.found.name.removeprefix("run_")[:digits] + "*" * bool(self.older)


@dataclass(frozen=True)
class Pair:
    """What a side earned above the first on the days they have in common;
    or the reason why that is not known.
    """

    side: Side
    first: Side
    reason: str | None
    between: Difference | None = None
    days: int = 0
    start: str = ""
    end: str = ""

    def to_dict(self) -> dict[str, Json]:
        """As JSON has it."""
        names = {"run": self.side.found.name, "against": self.first.found.name}
        if self.between is None:
            return {**names, "reason": self.reason}
        dates: dict[str, Json] = {"days": self.days, "from": self.start, "to": self.end}
        return {
            **names,
            **dates,
            "mean": self.between.mean._asdict(),
            "sharpe": self.between.sharpe._asdict(),
        }

    def cells(self) -> list[Json]:
        """Days, dates, and both differences with their intervals."""
        intervals = [] if self.between is None else [self.between.mean, self.between.sharpe]
        said = [
            (each.estimate, each.reason or f"{each.low:+.3f} to {each.high:+.3f}")
            for each in intervals
        ]
        return [self.days, self.start, self.end, *(cell for pair in said for cell in pair)]


@dataclass(frozen=True)
class Comparison(Result):
    """Runs and walk-forwards beside each other, and each but the first
    against the first day by day.
    """

    rule: str
    sides: tuple[Side, ...]
    differences: dict[str, list[Json]]
    """Settings that differ, by dotted name, a value a side."""
    paired: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Json]:
        runs: list[Json] = [
            {
                "run": side.found.name,
                "selection": finite(side.selection),
                **older_json(side.older),
            }
            for side in self.sides
        ]
        paired = [pair.to_dict() for pair in self.paired]
        return {"load": self.rule, "differences": self.differences, "runs": runs, "paired": paired}

    def tables(self) -> Sequence[Table | str]:
        rows = [
            [key, *(canonical(value) for value in values)]
            for key, values in self.differences.items()
        ]
        metrics = {side.metric for side in self.sides}
        metric = metrics.pop() if len(metrics) == 1 else "(own metric)"
        for period in ("train", "validation", "test"):
            scores = [side.scores.get(period) for side in self.sides]
            rows.append(
                [
                    f"{period} {metric}",
                    *("-" if score is None else f"{score:.4f}" for score in scores),
                ]
            )
        marks = (f"\n{side.head} {change}" for side in self.sides for change in side.older)
        caption = self.rule + "".join(marks)
        shown = [Table.of(caption, ["", *(side.head for side in self.sides)], rows)]
        lines = [
            [pair.side.head, *pair.cells()] for pair in self.paired if pair.between is not None
        ]
        if lines:
            seen = " (chosen on the test period)" if "test" in self.rule else ""
            heads: list[Column] = [
                "less " + self.sides[0].head,
                "days",
                "from",
                "to",
                ("yearly return", "+.4f"),
                "95 % interval",
            ]
            heads += [("yearly Sharpe ratio", "+.3f"), "95 % interval"]
            shown.append(Table.of(f"paired differences on common test days{seen}", heads, lines))
        return shown


def compare(
    names: Sequence[str], composed: Composed, selection: Selection, monitor: Monitor
) -> Comparison:
    """Settings that differ, scores, and paired differences of daily returns on the test days that a
    run has in common with the first.
    """
    selection = Selection(selection.rule or "best_validation", selection.minimum)
    store = Store(composed.runs_dir)
    sides = tuple(_side(store, name, selection) for name in names)
    trees = [dict(dotted(side.found.settings)) for side in sides]
    keys = sorted({key for each in trees for key in each})
    differ = {
        key: [each.get(key) for each in trees]
        for key in keys
        if len({canonical(each.get(key)) for each in trees}) > 1
    }
    days = [_daily(side, composed, selection) for side in sides]
    paired = tuple(
        _pair(side, own, sides[0], days[0]) for side, own in zip(sides[1:], days[1:], strict=True)
    )
    for pair in paired:
        if pair.reason is not None:
            monitor.note(
                f"{pair.side.head} less {pair.first.head}: no paired difference: {pair.reason}"
            )
    return Comparison(str(selection.rule), sides, differ, paired)


def _side(store: Store, name: str, selection: Selection) -> Side:
    held = store.named(name)
    if held.kind in ("compete", "study"):
        cure = (
            "qsim compete leaderboard RECEIPT RECEIPT ranks competitions"
            if held.kind == "compete"
            else "name runs of its trials"
        )
        raise ConfigError(
            held.short, f"is a {KINDS[held.kind]}, not a run or a walk-forward; {cure}"
        )
    return (
        _walk(read_walk(walk_place(held)))
        if held.kind == "walk"
        else _run(store.load(held.path), selection)
    )


def _run(found: Run, selection: Selection) -> Side:
    choice = all_selections(found, selection.minimum).get(str(selection.rule))
    return Side(
        found, choice, {} if choice is None else choice["scores"], stored_metric(found.settings)
    )


def _walk(found: Walk) -> Side:
    """Scores are means over its cycles."""
    metric = stored_metric(found.settings)
    return Side(
        found,
        None,
        {period: scores[metric] for period, scores in found.result["aggregate"]["metrics"].items()},
        metric,
    )


def _pair(side: Side, own: Days | str, first: Side, base: Days | str) -> Pair:
    """The interval of the difference, or why there is none."""
    if isinstance(base, str):
        return Pair(side, first, f"{first.head}: {base}")
    if isinstance(own, str):
        return Pair(side, first, f"{side.head}: {own}")
    common = sorted(own.keys() & base.keys())
    if not common:
        return Pair(side, first, "they have no test day in common")
    found = difference(
        np.array([own[day] for day in common]), np.array([base[day] for day in common])
    )
    return Pair(
        side,
        first,
        None,
        found,
        len(common),
        date_text(common[0] - 1439),
        date_text(common[-1] + 1),
    )


def _daily(side: Side, composed: Composed, selection: Selection) -> Days | str:
    """Returns of the test days, or why they are not known."""
    found = side.found
    if isinstance(found, Walk):
        ends = found.daily["unix"] // 60_000 + 1439
        return dict(zip(ends.tolist(), found.daily["pool"].tolist(), strict=True))
    try:
        return _computed(found, composed, selection)
    except QsimError as failure:
        return str(failure)


def _computed(found: Run, composed: Composed, selection: Selection) -> Days | str:
    """The run's chosen set over its test period once more: ``trajectory.npz`` may be
    lost, or have too few rows.
    """
    settings = composed.of_run(found).read(Train)
    if "test" not in settings.periods:
        return "has no test period"
    start_jax()
    selected, pool, span = (
        chooser(settings, selection)(found),
        AbstractPool.typed(settings.pool),
        settings.periods["test"],
    )
    market = load_market(settings, settings.test_end or settings.end)
    earned = daily(pool, selected.params, feed(settings, market), *span).returns["pool"]
    ends = minute(settings.start) + day_rows(*span)[1:]
    return dict(zip(ends.tolist(), earned.tolist(), strict=True))
