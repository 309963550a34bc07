"""Metrics: a trajectory in, one number out; higher is better. One file a family."""

from quantamm_cli.metrics import costs, drawdown, ratios, returns, tail  # noqa: F401 - importing registers
from quantamm_cli.metrics.base import METRICS, Metric, reads_days, score

__all__ = ["METRICS", "Metric", "reads_days", "score"]
