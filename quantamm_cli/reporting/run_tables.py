"""The tables of a run, which a terminal, a notebook and a page show alike;
those at the end stand on its page alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.reporting.names import PARTS, SHOWN, STRATEGIES
from quantamm_cli.reporting.periods import Numbers, looks_at_test
from quantamm_cli.reporting.table import Column, Table, printed

Scores = Mapping[str, Mapping[str, float]]
"""By period and metric."""
Readable = Mapping[str, ArrayLike]
"""Parameters of one set by readable name: numbers (n,), or (layers, n)."""


class Declared(Protocol):
    """What a table says of a parameter."""

    @property
    def readable(self) -> str:
        """Its name."""

    @property
    def unit(self) -> str:
        """The unit of its readable form."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of its layers; none where it has one."""


_WIDEST = 10
"""Columns of a grid that fit beside each other."""
_SHADES = " .:-=+*#%@"
_COLUMNS: list[Column] = [(head, form) for head, _, form in SHOWN]


def scores_table(title: str, scores: Mapping[str, Scores]) -> Table:
    """Strategies against each other, period by period."""
    rows = []
    for period in scores["pool"]:
        for strategy, said in STRATEGIES.items():
            if strategy in scores:
                rows.append(
                    [period if strategy == "pool" else "", said, *_shown(scores[strategy][period])]
                )
    return Table.of(title, ["period", "strategy", *_COLUMNS], rows)


def periods_table(title: str, scores: Scores) -> Table:
    """The pool alone, a line a period."""
    return Table.of(
        title,
        ["period", *_COLUMNS],
        [[period, *_shown(numbers)] for period, numbers in scores.items()],
    )


def sets_table(title: str, sets: Iterable[tuple[str, Scores]]) -> Table:
    """Parameter sets against each other, period by period."""
    named = list(sets)
    rows = [
        [period if index == 0 else "", name, *_shown(scores[period])]
        for period in named[0][1]
        for index, (name, scores) in enumerate(named)
    ]
    return Table.of(title, ["period", "set", *_COLUMNS], rows)


def parts_table(parts: Scores) -> Table:
    """What each period's return is made of."""
    rows = [[period, *(numbers[name] for _, name in PARTS)] for period, numbers in parts.items()]
    return Table.of(
        "the return and its parts", ["period", *((head, "+.2%") for head, _ in PARTS)], rows
    )


def grid_table(
    metric: str, axes: Mapping[str, Sequence[float]], scores: Sequence[float]
) -> Table | None:
    """A metric over two axes, the first downwards, with a shade from the lowest to the highest;
    ``None`` if it is too wide.
    """
    (down, rows), (across, columns) = axes.items()
    if len(columns) > _WIDEST:
        return None
    finite = [score for score in scores if math.isfinite(score)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    cells = [f"{score:.4g} {_shade(score, low, high)}" for score in scores]
    lines = [
        [f"{value:.5g}", *cells[row * len(columns) : (row + 1) * len(columns)]]
        for row, value in enumerate(rows)
    ]
    return Table.of(
        f"{metric}: {down} down, {across} across",
        [down, *(f"{value:.5g}" for value in columns)],
        lines,
    )


def _shade(score: float, low: float, high: float) -> str:
    if not math.isfinite(score):
        return "?"
    return _SHADES[round((score - low) / (high - low or 1) * (len(_SHADES) - 1))]


def random_table(draws: int, means: Scores, beaten: Mapping[str, float]) -> Table:
    """What random parameters come to on average, and the share of them that
    the pool's score is above.
    """
    rows = [[period, *_shown(numbers), beaten[period]] for period, numbers in means.items()]
    return Table.of(
        f"mean of {draws} random parameter sets", ["period", *_COLUMNS, ("pool beats", ".0%")], rows
    )


def _shown(numbers: Mapping[str, float]) -> list[float | None]:
    return [numbers.get(name) for _, name, _ in SHOWN]


def parameters_table(
    tokens: Sequence[str], specs: Sequence[Declared], readable: Readable
) -> Table | None:
    """Readable parameters, a column a token; a row a layer.

    What serves every token stands in the first column.

    ``None`` of a pool without parameters.
    """
    rows = [row for spec in specs for row in _rows(spec, readable[spec.readable], len(tokens))]
    return (
        Table.of("parameters", ["name", "unit", *((token, ".5g") for token in tokens)], rows)
        if rows
        else None
    )


def _rows(spec: Declared, value: ArrayLike, assets: int) -> list[list[float | str]]:
    rows = []
    for layer, numbers in zip(
        spec.layers or ("",), np.atleast_2d(np.asarray(value, float)).tolist(), strict=True
    ):
        one_cell = (
            numbers[0] if len(numbers) == 1 else " ".join(f"{number:.5g}" for number in numbers)
        )
        cells = numbers if len(numbers) == assets else [one_cell, *[""] * (assets - 1)]
        rows.append([f"{spec.readable} {layer}".rstrip(), spec.unit, *cells])
    return rows


class Choice(TypedDict):
    """What a selection rule chooses of a run."""

    step: int
    set: int
    metric: str
    scores: Mapping[str, float | None]
    """By period."""


def metrics_tables(
    strategies: Mapping[str, Scores], units: Mapping[str, str], on_test: bool = False
) -> list[Table]:
    """Every metric of every strategy, a table a period.

    ``units`` by metric. ``on_test``: the choice was made on the test period.
    """
    order = (*STRATEGIES, *strategies)
    names = sorted(strategies, key=order.index)
    columns: list[Column] = [
        "metric",
        "unit",
        *((STRATEGIES.get(name, name), ".4g") for name in names),
    ]
    tables = []
    for period, scores in strategies["pool"].items():
        rows = [
            [
                metric,
                units.get(metric, ""),
                *(strategies[name].get(period, {}).get(metric) for name in names),
            ]
            for metric in scores
        ]
        chosen = " (the choice was made on it)" if on_test and period == "test" else ""
        tables.append(
            Table.of(
                f"All metrics, {period} period{chosen}" if period else "All metrics", columns, rows
            )
        )
    return tables


def selections_table(choices: Mapping[str, Choice]) -> Table:
    """What each selection rule chooses. Those on the test period say so."""
    periods = list(
        dict.fromkeys(period for choice in choices.values() for period in choice["scores"])
    )
    rows = [
        [
            f"{rule} (chosen on the test period)" if looks_at_test(rule) else rule,
            choice["step"],
            choice["set"],
            *(choice["scores"].get(period) for period in periods),
        ]
        for rule, choice in choices.items()
    ]
    metric = next(iter(choices.values()))["metric"]
    columns: list[Column] = ["rule", "step", "set", *((period, ".4g") for period in periods)]
    return Table.of(f"What each selection rule chooses, by {metric}", columns, rows)


def final_table(tokens: Sequence[str], trajectory: Mapping[str, Numbers]) -> Table:
    """``weights`` and ``reserves`` (t, n) at the last row; its ``value`` (t,) in the caption."""
    rows = [[name, *trajectory[name][-1].tolist()] for name in ("weights", "reserves")]
    return Table.of(
        f"At the last row: a value of {printed(trajectory['value'][-1], ',.2f')}",
        ["", *tokens],
        rows,
    )


def units_table(
    caption: str, tokens: Sequence[str], units: Iterable[tuple[str, Sequence[str]]]
) -> Table:
    """A row a name; a number that is not one a token stands in the first column."""
    rows = [[name, *numbers, *[""] * (len(tokens) - len(numbers))] for name, numbers in units]
    return Table.of(caption, ["", *tokens], rows)
