"""Standings and gaps as JSON has them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from quantamm_cli.competition.results import Results, Standing
from quantamm_cli.competition.statistics import Gap
from quantamm_cli.settings.compete import NORMALISER


def told(rows: Sequence[Standing], results: Results) -> dict[str, Any]:
    """The standings as JSON has them: the highest edge first, who broke a rule after all who did not, the normaliser last."""
    outcome = results.outcome
    ranked = sorted(rows, key=lambda row: (row.name == NORMALISER, row.breach is not None, -row.edge.mean))
    epochs = {
        "edge": _by_name(results.all_names, outcome.epoch_edge.mean(0)),
        "score": _by_name(results.names, outcome.epoch_score.mean(0)),
        "weight": _by_name(results.names, outcome.epoch_weight.mean(0)),
    }
    solver = {"checked": int(np.sum(outcome.checked)), "worse": int(np.sum(outcome.worse))}
    return {"standings": [_told(row) for row in ranked], "epochs": epochs, "solver": solver}


def told_gap(gap: Gap, names: Sequence[str]) -> dict[str, Any]:
    """Who leads whom, by how much, and whether that is sure whenever one stops looking."""
    return {"leader": names[gap.leader], "over": names[gap.runner_up], "decided": gap.decided, **gap.estimate._asdict()}


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
