"""The signs of metrics: all are such that higher is better, so that some are minus what they are
called. It is known without loading them, for listings.
"""

from collections.abc import Iterable
from typing import Any

NEGATED = {
    "daily_beta",
    "daily_down_capture",
    "daily_tracking_error",
    "daily_volatility",
    "loss_versus_rebalancing",
    "turnover",
    "ulcer",
}
"""Metrics that are minus what they are called; ``metric(..., sign=-1)`` adds a user's."""
LOSSES = {
    "daily_cdar_95%",
    "daily_var_95%",
    "daily_var_95%_trad",
    "daily_var_99%",
    "daily_var_99%_trad",
    "greatest_draw_down",
    "max_drawdown",
    "weekly_max_drawdown",
    "weekly_var_95%",
    "weekly_var_95%_trad",
    "weekly_var_99%",
    "weekly_var_99%_trad",
}
"""Metrics that are losses, as negative fractions: a limit of one is its size, with either sign.
``metric(..., loss=True)`` adds a user's.
"""


def shown(metric: str, score: Any) -> Any:
    """A score, or scores as an array, of a metric or ``PERIOD.METRIC`` as tables, pages and CSV
    have it: a volatility is positive. ``None`` stays.
    """
    if score is None or metric.rpartition(".")[2] not in NEGATED:
        return score
    return 0.0 - score  # a zero without a sign


def signs(metrics: Iterable[str]) -> dict[str, int]:
    """-1 of the metrics that are minus what they are called, for JSON, which keeps the sign."""
    return {name: -1 for name in metrics if name in NEGATED}
