"""The tables of a page, as text in cells."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantamm_cli.reporting.names import PARTS, SHOWN, STRATEGIES
from quantamm_cli.reporting.periods import looks_at_test

Scores = Mapping[str, Mapping[str, float | None]]
"""By period and metric."""
NOTHING = "–"
"""A number that is not finite, or is not there."""


@dataclass(frozen=True)
class Table:
    """Cells below heads; the first cell of a row names it. ``numbers``: the other cells are numbers."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: bool = True


def comparison(strategies: Mapping[str, Scores], on_test: bool = False) -> list[Table]:
    """Scores by strategy of the few metrics that tell most, a table a period. ``on_test``: the choice was made on the test period."""
    tables = []
    for period in strategies["pool"]:
        scores = {STRATEGIES.get(name, name): strategies[name].get(period, {}) for name in _ordered(strategies)}
        tables.append(_short(_title("Scores", period, on_test), "strategy", scores))
    return tables


def alone(scores: Scores, caption: str) -> Table:
    """The few metrics that tell most of one pool, a row a period."""
    return _short(caption, "period", scores)


def own(periods: Mapping[str, Mapping[str, Any]]) -> Table:
    """The user's own periods by name, each with ``start``, ``end`` and ``metrics``."""
    named = {f"{name} ({each['start']} to {each['end']})": each["metrics"] for name, each in periods.items()}
    return _short("Own periods (UTC, ends not included)", "period", named)


def sets(scores: Mapping[str, Scores], chosen: str | None, on_test: bool = False) -> list[Table]:
    """Parameter sets of one step against each other, a table a period."""
    named = {f"{name} (chosen)" if name == chosen else name: numbers for name, numbers in scores.items()}
    return [
        _short(_title("Sets", period, on_test), "set", {name: numbers[period] for name, numbers in named.items()})
        for period in next(iter(scores.values()))
    ]


def parts(found: Scores) -> Table:
    """What each period's return is made of."""
    rows = [(period, *(number(numbers[name], "+.2%") for _, name in PARTS)) for period, numbers in found.items()]
    return Table("The return and its parts", ("period", *(head for head, _ in PARTS)), tuple(rows))


def _short(caption: str, head: str, scores: Scores) -> Table:
    """The few metrics that tell most."""
    rows = [(name, *(number(found.get(metric), form) for _, metric, form in SHOWN)) for name, found in scores.items()]
    return Table(caption, (head, *(head for head, _, _ in SHOWN)), tuple(rows))


def metrics(strategies: Mapping[str, Scores], units: Mapping[str, str], on_test: bool = False) -> list[Table]:
    """Every metric of every strategy, a table a period. ``units`` by metric. ``on_test``: the choice was made on the test period."""
    names = _ordered(strategies)
    heads = ("metric", "unit", *(STRATEGIES.get(name, name) for name in names))
    tables = []
    for period, scores in strategies["pool"].items():
        rows = [
            (metric, units.get(metric, ""), *(number(strategies[name].get(period, {}).get(metric)) for name in names)) for metric in scores
        ]
        tables.append(Table(_title("All metrics", period, on_test), heads, tuple(rows)))
    return tables


def selections(choices: Mapping[str, Mapping[str, Any]]) -> Table:
    """What each selection rule chooses: ``step``, ``set``, ``metric`` and ``scores`` by period. Those on the test period say so."""
    periods = list(dict.fromkeys(period for choice in choices.values() for period in choice["scores"]))
    metric = next(iter(choices.values()))["metric"] if choices else ""
    rows = [
        (
            f"{rule} (chosen on the test period)" if looks_at_test(rule) else rule,
            str(choice["step"]),
            str(choice["set"]),
            *(number(choice["scores"].get(period)) for period in periods),
        )
        for rule, choice in choices.items()
    ]
    return Table(
        f"What each selection rule chooses, by {metric}" if metric else "Selection", ("rule", "step", "set", *periods), tuple(rows)
    )


def parameters(
    readable: Mapping[str, Any],
    tokens: Sequence[str],
    units: Mapping[str, str] | None = None,
    layers: Mapping[str, Sequence[str]] | None = None,
) -> Table:
    """Readable parameters of one set, a column a token, a row a layer. What serves every token stands in the first column."""
    rows = []
    for name, value in readable.items():
        values = np.atleast_1d(np.asarray(value, float))
        named = (layers or {}).get(name, [str(index + 1) for index in range(len(values))]) if values.ndim > 1 else [""]
        for layer, numbers in zip(named, np.atleast_2d(values), strict=True):
            cells = [number(item, ".5g") for item in numbers]
            cells = cells if len(cells) == len(tokens) else [" ".join(cells), *[""] * (len(tokens) - 1)]
            rows.append((f"{name} {layer}".rstrip(), (units or {}).get(name, ""), *cells))
    return Table("Parameters of the chosen set", ("name", "unit", *tokens), tuple(rows))


def final(state: Mapping[str, Any], tokens: Sequence[str]) -> Table:
    """``weights`` and ``reserves`` (n,) at the last row; its ``value`` in the caption."""
    rows = [(name, *(number(item, ".6g") for item in state[name])) for name in ("weights", "reserves") if name in state]
    worth = f": a value of {number(state['value'], ',.2f')}" if "value" in state else ""
    return Table(f"At the last row{worth}", ("", *tokens), tuple(rows))


def settings(caption: str, tree: Mapping[str, Any]) -> Table:
    """A nested tree as dotted keys and their values."""
    rows = tuple((name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in dotted(tree))
    return Table(caption, ("name", "value"), rows, numbers=False)


def dotted(tree: Any, where: str = "") -> Iterable[tuple[str, Any]]:
    """The leaves of a nested tree by dotted key; empty branches are left out."""
    if not isinstance(tree, Mapping):
        yield where, tree
        return
    for key, item in tree.items():
        yield from dotted(item, f"{where}.{key}" if where else key)


def number(value: float | None, form: str = ".4g") -> str:
    """A number in a format; a dash for one that is not there or not finite."""
    return format(value, form).replace("-", "−") if value is not None and math.isfinite(value) else NOTHING


def _title(what: str, period: str, on_test: bool) -> str:
    return (f"{what}, {period} period" if period else what) + (" (the choice was made on it)" if on_test and period == "test" else "")


def _ordered(strategies: Mapping[str, Any]) -> list[str]:
    return [*(name for name in STRATEGIES if name in strategies), *(name for name in strategies if name not in STRATEGIES)]
