"""What there is to see of a grid."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quantamm_cli.reporting.periods import Numbers


class Grid(NamedTuple):
    """Scores of every point."""

    axes: Mapping[str, Sequence[float]]
    scores: Numbers
    """(points,), the last axis moving fastest."""
    metric: str
    unit: str
    title: str
