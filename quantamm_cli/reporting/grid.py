"""A grid of scores, as its plots take it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quantamm_cli.reporting.periods import Numbers


class Grid(NamedTuple):
    """The scores of every point."""

    axes: Mapping[str, Sequence[float]]
    scores: Numbers
    """(points,), in which the last axis varies fastest."""
    metric: str
    unit: str
    title: str
