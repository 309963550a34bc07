"""Divides minutes into training, validation and test: once, or in cycles that move forward."""

from itertools import pairwise
from typing import NamedTuple

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count, Fraction, Natural, date_text

DAY = 1440
_SHORTEST = 3
"""The fewest days of a test block: they have two daily returns, which a deviation needs."""


class Cycle(NamedTuple):
    """Minutes since 1970: [start, end) trains and validates, [end, test_end) tests."""

    start: int
    end: int
    test_end: int


class Split(Component, group="split"):
    """How [start, end) and [end, test_end) are divided."""

    validation_fraction: Fraction = Field(
        0.2, description="share of [start, end) used for validation"
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
        """The cycles of these minutes since 1970, in order of time.

        Raises:
            ConfigError: blocks are shorter than three days, or not one fits.
        """
        if self.cycle_days is None:
            edges = self._equal_blocks(end, test_end)
        else:
            edges = self._blocks_of(self.cycle_days, end, test_end)
        cycles: list[Cycle] = []
        for first, last in pairwise(edges):
            shift = 0 if self.expanding else first - edges[0]
            cycles.append(Cycle(start + shift, first, last))
        return tuple(cycles)

    def _equal_blocks(self, end: int, test_end: int) -> list[int]:
        """The edges of ``cycles`` blocks, in minutes since 1970."""
        length = test_end - end
        edges = [_midnight(end + length * block // self.cycles) for block in range(self.cycles + 1)]
        if min(last - first for first, last in pairwise(edges)) < _SHORTEST * DAY:
            days = (_midnight(test_end) - _midnight(end)) // DAY
            raise ConfigError(
                "split.cycles",
                f"{self.cycles} blocks of the {days} days from {date_text(end)} to "
                f"{date_text(test_end)} have fewer than {_SHORTEST} each; take fewer cycles, or "
                "a later test_end",
            )
        return edges

    def _blocks_of(self, length: int, end: int, test_end: int) -> list[int]:
        """The edges of as many blocks of ``length`` days as fit, in minutes since 1970."""
        first, days = _midnight(end), (_midnight(test_end) - _midnight(end)) // DAY
        if length < _SHORTEST:
            raise ConfigError(
                "split.cycle_days", f"{length} is too short to test on; take at least {_SHORTEST}"
            )
        if days < length:
            raise ConfigError(
                "split.cycle_days",
                f"no block of {length} days fits in the {days} from {date_text(end)} to "
                f"{date_text(test_end)}; take shorter blocks, or a later test_end",
            )
        return [first + block * length * DAY for block in range(days // length + 1)]


def _midnight(minutes: int) -> int:
    """The last midnight UTC that is not later."""
    return minutes // DAY * DAY
