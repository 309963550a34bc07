"""What people read of a competition, and the same for programs."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from quantamm_cli.cli.console import Console
from quantamm_cli.compete.results import NORMALISER, Breach, Results, Standing
from quantamm_cli.compete.statistics import Estimate, Gap

_EDGE: tuple[str | tuple[str, str], ...] = (
    "strategy",
    ("edge", ".2f"),
    ("± s.e.", ".2f"),
    ("arbitrage", ".2f"),
    ("retail", ".2f"),
    ("mean/std", ".2f"),
    "over reference",
    "95 % interval",
    ("beats it", ".0%"),
    ("wins", ".0%"),
    ("P(best)", ".1%"),
)
_FLOW: tuple[str | tuple[str, str], ...] = (
    "strategy",
    ("volume", ",.0f"),
    ("flow share", ".1%"),
    ("edge/volume", ".2f"),
    ("edge/capital", ".2f"),
    ("over normaliser", "+.2f"),
    ("± s.e.", ".2f"),
    ("capital share", ".1%"),
    ("fills", ",.0f"),
)


def ranked(rows: Sequence[Standing]) -> list[Standing]:
    """The highest edge first; who broke a rule after all who did not; the normaliser last."""
    return sorted(rows, key=lambda row: (row.name == NORMALISER, row.breach is not None, -row.edge.mean))


def show(console: Console, title: str, rows: Sequence[Standing], reference: str) -> None:
    """Two tables of the same rows: edge, in Y a seed, and where it comes from."""
    order = ranked(rows)
    console.table(title, _EDGE, [_edge(row, reference) for row in order])
    heads = "volume in Y a seed, edge/volume and edge/capital in bps (capital: value of the reserves averaged over time)"
    console.table(heads, _FLOW, [_flow(row) for row in order])
    for row in order:
        if row.breach is not None:
            console.warn(f"{row.name} is invalid: {said_breach(row.breach)}; from there on it quoted no more on that seed")


def _edge(row: Standing, reference: str) -> list[Any]:
    over = row.over_reference
    against = "reference" if row.name == reference else None if over is None else f"{over.mean:+.2f}"
    between = None if over is None or math.isnan(over.low) else between_text(over)
    ratios = [row.beats_reference, row.wins, row.best]
    return [_named(row), row.edge.mean, row.edge.error, row.arb_edge, row.retail_edge, row.consistency, against, between, *ratios]


def _flow(row: Standing) -> list[Any]:
    over = row.over_normaliser if row.name != NORMALISER else Estimate(math.nan, math.nan, math.nan, math.nan, 0)
    ratios = [row.volume, row.flow_share, row.edge_per_volume, row.edge_per_capital]
    return [_named(row), *ratios, over.mean, over.error, row.capital_share, row.fills]


def _named(row: Standing) -> str:
    return f"[{row.name}]" if row.name == NORMALISER else f"{row.name} (invalid)" if row.breach else row.name


def between_text(estimate: Estimate) -> str:
    """An interval in words."""
    return f"{estimate.low:+.2f} to {estimate.high:+.2f}"


def said_breach(breach: Breach) -> str:
    """What was done against the rules, and when."""
    inputs = breach.inputs
    x, y = inputs["reserves"]
    answer = f"{inputs['side']} with {inputs['amount']:.6g} at reserves {x:.6g}, {y:.6g} got {inputs['answer']:.6g}"
    often = f"{breach.rule.replace('_', ' ')} on {breach.seeds} seed{'s' * (breach.seeds > 1)}"
    return f"{often}, first seed {breach.seed} step {breach.step}: {answer}"


def said_gap(gap: Gap, names: Sequence[str]) -> str:
    """Who leads, and whether that is sure whenever one stops looking."""
    leader, other, found = names[gap.leader], names[gap.runner_up], gap.estimate
    if math.isnan(found.low):
        return f"{leader} leads {other} by {found.mean:.2f}; {found.seeds} seeds are too few for an interval that holds whenever one stops"
    sure = "decided" if gap.decided else "not decided"
    interval = f"interval {between_text(found)} (95 %, all pairs together, whenever one stops)"
    return f"{sure}: {leader} leads {other} by {found.mean:.2f}, {interval}"


def told(rows: Sequence[Standing], results: Results) -> dict[str, Any]:
    """The standings as JSON has them, the highest edge first."""
    outcome = results.outcome
    standings = [_told(row) for row in ranked(rows)]
    epochs = {
        "edge": _by_name(results.all_names, outcome.epoch_edge.mean(0)),
        "score": _by_name(results.names, outcome.epoch_score.mean(0)),
        "weight": _by_name(results.names, outcome.epoch_weight.mean(0)),
    }
    solver = {"checked": int(np.sum(outcome.checked)), "worse": int(np.sum(outcome.worse))}
    return {"standings": standings, "epochs": epochs, "solver": solver}


def _by_name(names: Sequence[str], values: np.ndarray) -> dict[str, list[float]]:
    return {name: values[:, place].tolist() for place, name in enumerate(names)}


def _told(row: Standing) -> dict[str, Any]:
    tree: dict[str, Any] = row._asdict()
    for key in ("edge", "over_normaliser", "over_reference"):
        if tree[key] is not None:
            tree[key] = tree[key]._asdict()
    tree["mean_over_std"] = tree.pop("consistency")
    tree["probability_best"] = tree.pop("best")
    tree["valid"] = row.breach is None
    tree["breach"] = None if row.breach is None else row.breach._asdict()
    absent = {"over_reference", "breach"} | ({"over_normaliser", "valid", "wins", "probability_best"} if row.name == NORMALISER else set())
    numbers = {key: value for key, value in tree.items() if not (isinstance(value, float) and math.isnan(value))}
    return {key: value for key, value in numbers.items() if value is not None and not (key in absent and row.name == NORMALISER)}
