"""The tables people read."""

from collections.abc import Mapping, Sequence
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.core.params import Parameter

_SHOWN = (
    ("return", "returns", "+.2%"),
    ("vs HODL", "returns_over_hodl", "+.2%"),
    ("vs uniform", "returns_over_uniform_hodl", "+.2%"),
    ("daily log Sharpe", "daily_log_sharpe", ".3f"),
    ("worst week", "weekly_max_drawdown", ".2%"),
    ("Calmar", "calmar", ".3f"),
)
_STRATEGIES = {"pool": "this pool", "hodl": "HODL", "uniform_hodl": "uniform HODL", "constant_weight": "constant weights"}


def show_scores(console: Console, title: str, scores: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Strategies against each other, period by period."""
    rows = []
    for period in scores["pool"]:
        for strategy, said in _STRATEGIES.items():
            if strategy in scores:
                numbers = scores[strategy][period]
                rows.append([period if strategy == "pool" else "", said, *(numbers[name] for _, name, _ in _SHOWN)])
    console.table(title, ["period", "strategy", *((head, form) for head, _, form in _SHOWN)], rows)


def show_params(console: Console, tokens: tuple[str, ...], specs: Sequence[Parameter], readable: Mapping[str, Any]) -> None:
    """Readable parameters, a column a token; a row a layer. What serves every token stands in the first column."""
    rows = [row for spec in specs for row in _rows(spec, readable[spec.readable], len(tokens))]
    if rows:
        console.table("parameters", ["name", "unit", *((token, ".5g") for token in tokens)], rows)


def _rows(spec: Parameter, value: Any, assets: int) -> list[list[Any]]:
    layers = dict(zip(spec.layers, value, strict=True)) if spec.layers else {"": value}
    rows = []
    for layer, numbers in layers.items():
        one_cell = numbers[0] if len(numbers) == 1 else " ".join(f"{number:.5g}" for number in numbers)
        cells = numbers if len(numbers) == assets else [one_cell, *[""] * (assets - 1)]
        rows.append([f"{spec.readable} {layer}".rstrip(), spec.unit, *cells])
    return rows
