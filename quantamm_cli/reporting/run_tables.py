"""The tables of a run for terminals, notebooks and pages; the last ones are on its page only."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.reporting.names import PARTS, SHOWN, STRATEGIES
from quantamm_cli.reporting.periods import Numbers, looks_at_test
from quantamm_cli.reporting.table import Column, Table, columns_of, printed
from quantamm_cli.settings.signs import shown

Scores = Mapping[str, Mapping[str, float]]
"""By period and metric."""
Readable = Mapping[str, ArrayLike]
"""Parameters of one set by readable name: numbers (n,), or (layers, n)."""


class Declared(Protocol):
    """The properties of a parameter in a table."""

    @property
    def readable(self) -> str:
        """Its name."""

    @property
    def unit(self) -> str:
        """The unit of its readable form."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of its layers; empty if it has one layer."""


_WIDEST = 10
"""The most columns of a grid in a table."""
_SHADES = " .:-=+*#%@"
_HEADS, _METRICS, _FORMS = zip(*SHOWN, strict=True)
_COLUMNS: list[Column] = list(zip(_HEADS, _FORMS, strict=True))
_PART_HEADS, _PARTS = zip(*PARTS, strict=True)


def scores_table(
    title: str, scores: Mapping[str, Scores], short: Mapping[str, float] | None = None
) -> Table:
    """The scores of every strategy, period by period; ``short``: days of short periods."""
    rows = []
    for period in scores["pool"]:
        for strategy, name in STRATEGIES.items():
            if strategy in scores:
                head = period if strategy == "pool" else ""
                rows.append([head, name, *_shown(scores[strategy][period])])
    return Table.of(_marked(title, short), ["period", "strategy", *_COLUMNS], rows)


def periods_table(title: str, scores: Scores, short: Mapping[str, float] | None = None) -> Table:
    """The scores of the pool, a row for each period; ``short``: days of short periods."""
    rows = [[period, *_shown(numbers)] for period, numbers in scores.items()]
    return Table.of(_marked(title, short), ["period", *_COLUMNS], rows)


def sets_table(
    title: str, sets: Iterable[tuple[str, Scores]], short: Mapping[str, float] | None = None
) -> Table:
    """The scores of every parameter set, period by period; ``short``: days of short periods."""
    named = list(sets)
    rows = []
    for period in named[0][1]:
        head = period
        for name, scores in named:
            rows.append([head, name, *_shown(scores[period])])
            head = ""
    return Table.of(_marked(title, short), ["period", "set", *_COLUMNS], rows)


def _marked(title: str, short: Mapping[str, float] | None) -> str:
    """The title, with a line on periods that are short for yearly numbers."""
    if not short:
        return title
    days = ", ".join(f"{name} ({length:.3g} days)" for name, length in short.items())
    return f"{title}\nyearly numbers of less than 30 days: {days}"


def parts_table(parts: Scores) -> Table:
    """The parts of each period's return."""
    heads: list[Column] = ["period", *columns_of(_PART_HEADS, "+.2%")]
    rows = [[period, *map(numbers.__getitem__, _PARTS)] for period, numbers in parts.items()]
    return Table.of("the return and its parts", heads, rows)


def grid_table(
    metric: str, axes: Mapping[str, Sequence[float]], scores: Sequence[float]
) -> Table | None:
    """A metric over two axes, the first downwards, with a shade from the lowest to the highest;
    ``None`` if it is too wide.
    """
    (down, rows), (across, columns) = axes.items()
    if len(columns) > _WIDEST:
        return None
    scores = [shown(metric, score) for score in scores]
    finite = [score for score in scores if math.isfinite(score)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    cells = iter([f"{score:.4g} {_shade(score, low, high)}" for score in scores])
    lines = [[f"{value:.5g}", *islice(cells, len(columns))] for value in rows]
    heads = [down, *(f"{value:.5g}" for value in columns)]
    return Table.of(f"{metric}: {down} down, {across} across", heads, lines)


def _shade(score: float, low: float, high: float) -> str:
    if not math.isfinite(score):
        return "?"
    return _SHADES[round((score - low) / (high - low or 1) * (len(_SHADES) - 1))]


def random_table(draws: int, means: Scores, beaten: Mapping[str, float]) -> Table:
    """The mean scores of random parameters, and the share of them that the pool's score exceeds."""
    heads: list[Column] = ["period", *_COLUMNS, ("pool beats", ".0%")]
    rows = [[period, *_shown(numbers), beaten[period]] for period, numbers in means.items()]
    return Table.of(f"mean of {draws} random parameter sets", heads, rows)


def _shown(numbers: Mapping[str, float]) -> list[float | None]:
    return [shown(metric, numbers.get(metric)) for metric in _METRICS]


def parameters_table(
    tokens: Sequence[str], specs: Sequence[Declared], readable: Readable
) -> Table | None:
    """Readable parameters: a column for each token, a row for each layer.

    Numbers that are not one for each token are in the first column. ``None`` of a pool without
    parameters.
    """
    rows: list[list[float | str]] = []
    for spec in specs:
        rows += _rows(spec, readable[spec.readable], len(tokens))
    if not rows:
        return None
    return Table.of("parameters", ["name", "unit", *columns_of(tokens, ".5g")], rows)


def _rows(spec: Declared, value: ArrayLike, assets: int) -> list[list[float | str]]:
    rows = []
    layers = np.atleast_2d(np.asarray(value, float)).tolist()
    for layer, numbers in zip(spec.layers or ("",), layers, strict=True):
        cells = numbers
        if len(numbers) != assets:
            if len(numbers) > 1:
                cells = [" ".join(f"{number:.5g}" for number in numbers)]
            cells = [*cells, *[""] * (assets - 1)]
        rows.append([f"{spec.readable} {layer}".rstrip(), spec.unit, *cells])
    return rows


class Choice(TypedDict):
    """The choice of a selection rule."""

    step: int
    set: int
    metric: str
    scores: Mapping[str, float | None]
    """By period."""


def metrics_tables(
    strategies: Mapping[str, Scores],
    units: Mapping[str, str],
    on_test: bool = False,
    undefined: Mapping[str, str] | None = None,
    short: Mapping[str, float] | None = None,
) -> list[Table]:
    """Every metric of every strategy, a table for each period.

    ``units``: by metric. ``on_test``: the selection used the test period. ``undefined``: why scores
    of the pool do not exist, by ``period.metric``. ``short``: days of short periods.
    """
    order = (*STRATEGIES, *strategies)
    names = sorted(strategies, key=order.index)
    labels = columns_of((STRATEGIES.get(name, name) for name in names), ".4g")
    reasons = undefined or {}
    tables = []
    for period, scores in strategies["pool"].items():
        rows = []
        for metric in scores:
            columns = (strategies[name].get(period, {}) for name in names)
            numbers = [shown(metric, column.get(metric)) for column in columns]
            why = [reasons.get(f"{period}.{metric}", "")] if reasons else []
            rows.append([metric, units.get(metric, ""), *numbers, *why])
        caption = "All metrics"
        if period:
            caption += f", {period} period"
        if on_test and period == "test":
            caption += " (the choice was made on it)"
        if short and period in short:
            caption += f"; yearly numbers of {short[period]:.3g} days"
        heads: list[Column] = ["metric", "unit", *labels, *(["why not"] if reasons else [])]
        tables.append(Table.of(caption, heads, rows))
    return tables


def selections_table(choices: Mapping[str, Choice]) -> Table:
    """The choice of each selection rule; those that use the test period are marked."""
    periods: dict[str, None] = {}
    for choice in choices.values():
        periods |= dict.fromkeys(choice["scores"])
    rows = []
    for rule, choice in choices.items():
        label = rule
        if looks_at_test(rule):
            label += " (chosen on the test period)"
        scores = (shown(choice["metric"], choice["scores"].get(period)) for period in periods)
        rows.append([label, choice["step"], choice["set"], *scores])
    metric = next(iter(choices.values()))["metric"]
    columns: list[Column] = ["rule", "step", "set", *columns_of(periods, ".4g")]
    return Table.of(f"What each selection rule chooses, by {metric}", columns, rows)


def final_table(tokens: Sequence[str], trajectory: Mapping[str, Numbers]) -> Table:
    """``weights`` and ``reserves`` (t, n) at the last row; its ``value`` (t,) in the caption."""
    rows = [[name, *trajectory[name][-1].tolist()] for name in ("weights", "reserves")]
    value = printed(trajectory["value"][-1], ",.2f")
    return Table.of(f"At the last row: a value of {value}", ["", *tokens], rows)


def units_table(
    caption: str, tokens: Sequence[str], units: Iterable[tuple[str, Sequence[str]]]
) -> Table:
    """A row for each name; a single number is in the first column."""
    rows = []
    for name, numbers in units:
        blanks = [""] * (len(tokens) - len(numbers))
        rows.append([name, *numbers, *blanks])
    return Table.of(caption, ["", *tokens], rows)
