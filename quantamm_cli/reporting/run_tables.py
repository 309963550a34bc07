"""The tables of a run that people read in a terminal and in notebooks."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from quantamm_cli.reporting.names import PARTS, SHOWN, STRATEGIES
from quantamm_cli.reporting.table import Column, Table

Scores = Mapping[str, Mapping[str, float]]
"""By period and metric."""


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
                rows.append([period if strategy == "pool" else "", said, *_shown(scores[strategy][period])])
    return Table.of(title, ["period", "strategy", *_COLUMNS], rows)


def periods_table(title: str, scores: Scores) -> Table:
    """The pool alone, a line a period."""
    return Table.of(title, ["period", *_COLUMNS], [[period, *_shown(numbers)] for period, numbers in scores.items()])


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
    return Table.of("the return and its parts", ["period", *((head, "+.2%") for head, _ in PARTS)], rows)


def grid_table(metric: str, axes: Mapping[str, Sequence[float]], scores: Sequence[float]) -> Table | None:
    """A metric over two axes, the first downwards, with a shade from the lowest to the highest; ``None`` if it is too wide."""
    (down, rows), (across, columns) = axes.items()
    if len(columns) > _WIDEST:
        return None
    finite = [score for score in scores if math.isfinite(score)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    cells = [f"{score:.4g} {_shade(score, low, high)}" for score in scores]
    lines = [[f"{value:.5g}", *cells[row * len(columns) : (row + 1) * len(columns)]] for row, value in enumerate(rows)]
    return Table.of(f"{metric}: {down} down, {across} across", [down, *(f"{value:.5g}" for value in columns)], lines)


def _shade(score: float, low: float, high: float) -> str:
    if not math.isfinite(score):
        return "?"
    return _SHADES[round((score - low) / (high - low or 1) * (len(_SHADES) - 1))]


def random_table(draws: int, means: Scores, beaten: Mapping[str, float]) -> Table:
    """What random parameters come to on average, and the share of them that the pool's score is above."""
    rows = [[period, *_shown(numbers), beaten[period]] for period, numbers in means.items()]
    return Table.of(f"mean of {draws} random parameter sets", ["period", *_COLUMNS, ("pool beats", ".0%")], rows)


def _shown(numbers: Mapping[str, float]) -> list[float | None]:
    return [numbers.get(name) for _, name, _ in SHOWN]


def parameters_table(tokens: Sequence[str], specs: Sequence[Declared], readable: Mapping[str, Any]) -> Table | None:
    """Readable parameters, a column a token; a row a layer. What serves every token stands in the first column.

    ``None`` of a pool without parameters.
    """
    rows = [row for spec in specs for row in _rows(spec, readable[spec.readable], len(tokens))]
    return Table.of("parameters", ["name", "unit", *((token, ".5g") for token in tokens)], rows) if rows else None


def _rows(spec: Declared, value: Any, assets: int) -> list[list[Any]]:
    layers = dict(zip(spec.layers, value, strict=True)) if spec.layers else {"": value}
    rows = []
    for layer, numbers in layers.items():
        one_cell = numbers[0] if len(numbers) == 1 else " ".join(f"{number:.5g}" for number in numbers)
        cells = numbers if len(numbers) == assets else [one_cell, *[""] * (assets - 1)]
        rows.append([f"{spec.readable} {layer}".rstrip(), spec.unit, *cells])
    return rows


def units_table(caption: str, tokens: Sequence[str], units: Iterable[tuple[str, Sequence[str]]]) -> Table:
    """A row a name; a number that is not one a token stands in the first column."""
    rows = [[name, *numbers, *[""] * (len(tokens) - len(numbers))] for name, numbers in units]
    return Table.of(caption, ["", *tokens], rows)
