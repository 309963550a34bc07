"""The tables people read."""

from collections.abc import Mapping
from typing import Any

from quantamm_cli.cli.console import Console

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


def show_params(console: Console, tokens: tuple[str, ...], readable: Mapping[str, Any], units: Mapping[str, str]) -> None:
    """Readable parameters, a column a token."""
    rows = [[name, units.get(name, ""), *values] for name, values in readable.items()]
    console.table("parameters", ["name", "unit", *((token, ".5g") for token in tokens)], rows)
