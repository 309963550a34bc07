"""Which minutes train, which validate and which test: once, or in cycles that
walk forward through time.
"""

from itertools import pairwise
from typing import NamedTuple

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count, Fraction, Natural, date_text

DAY = 1440
_SHORTEST = 3
"""Days of a test block whose metrics see two daily returns: fewer cannot vary."""


class Cycle(NamedTuple):
    """Minutes since 1970: [start, end) trains and validates, [end, test_end) tests."""

    start: int
    end: int
    test_end: int


class Split(Component, group="split"):
    """How [start, end) and [end, test_end) are shared out."""

    validation_fraction: Fraction = Field(
        0.2, description="share of [start, end) kept for validation"
    )
    bout_offset: Natural = Field(
        10080, description="minutes by which the start of a training window may vary"
    )
    selection_metric: str | None = Field(
        None, description="metric that selects; null: the training metric"
    )
    embargo_days: Natural = Field(
        0, description="days before the test that neither train nor validate"
    )


class Holdout(Split, kind="holdout"):
    """Train on the first part of [start, end), validate on the rest, test on [end, test_end)."""


class WalkForward(Split, kind="walk_forward"):
    """Cut [end, test_end) into blocks; before each, train and validate on the days that lead
    up to it, then test on it.

    Each cycle is a holdout of its own, with a run of its own. Blocks begin and end at midnight UTC.
    """

    cycles: Count = Field(4, description="blocks of equal length that [end, test_end) is cut into")
    cycle_days: Count | None = Field(
        None, description="days of a block instead, as many whole ones as fit; null: equal blocks"
    )
    expanding: bool = Field(
        False,
        description=(
            "true: every cycle trains from start on; false: on as many days as [start, end) has"
        ),
    )
    warm_start: bool = Field(
        False, description="true: each cycle begins at the parameters that the one before selected"
    )

    def blocks(self, start: int, end: int, test_end: int) -> tuple[Cycle, ...]:
        """The cycles of these minutes since 1970, in time.

        Raises:
            ConfigError: blocks are shorter than three days, or not one fits.
        """
        edges = (
            self._equal(end, test_end)
            if self.cycle_days is None
            else self._long(self.cycle_days, end, test_end)
        )
        return tuple(
            Cycle(start if self.expanding else start + first - edges[0], first, last)
            for first, last in pairwise(edges)
        )

    def _equal(self, end: int, test_end: int) -> list[int]:
        edges = [
            _midnight(end + (test_end - end) * block // self.cycles)
            for block in range(self.cycles + 1)
        ]
        if min(last - first for first, last in pairwise(edges)) < _SHORTEST * DAY:
            days = (_midnight(test_end) - _midnight(end)) // DAY
            told = (
                f"{self.cycles} blocks of the {days} days from {date_text(end)} to "
                f"{date_text(test_end)} have fewer than {_SHORTEST} each"
            )
            raise ConfigError("split.cycles", f"{told}; take fewer cycles, or a later test_end")
        return edges

    def _long(self, length: int, end: int, test_end: int) -> list[int]:
        first, days = _midnight(end), (_midnight(test_end) - _midnight(end)) // DAY
        if length < _SHORTEST:
            raise ConfigError(
                "split.cycle_days", f"{length} is too short to test on; take {_SHORTEST} at least"
            )
        if days < length:
            told = (
                f"no block of {length} days fits in the {days} from {date_text(end)} to "
                f"{date_text(test_end)}"
            )
            raise ConfigError(
                "split.cycle_days", f"{told}; take shorter blocks, or a later test_end"
            )
        return [first + block * length * DAY for block in range(days // length + 1)]


def _midnight(minutes: int) -> int:
    """The last midnight UTC up to then."""
    return minutes // DAY * DAY
