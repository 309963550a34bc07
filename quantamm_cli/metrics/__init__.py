"""Metrics, which turn a trajectory into one number; higher is better. One file a family."""

from quantamm_cli.metrics.base import METRICS, Metric, existing, reads_days, score, unmarked
from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)

__all__ = ["METRICS", "Metric", "existing", "reads_days", "score", "unmarked"]
