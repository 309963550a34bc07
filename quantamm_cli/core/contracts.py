"""A parameter as contracts take it: the number that their arithmetic
uses, not the one that trains.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from quantamm_cli.core.bijectors import Memory, Numbers


class Keeper(NamedTuple):
    """The minutes between two updates of a contract by its keeper, and the longest memory of an
    estimator, in days.
    """

    chunk_period: int
    max_memory_days: int


Form = Callable[..., Numbers]
"""The contract's numbers from a parameter's readable values, the keeper, and the readable values of
the parameters that it ``needs``.
"""


def unchanged(values: Numbers, keeper: Keeper) -> Numbers:
    """The contract takes the readable value."""
    del keeper
    return values


@dataclass(frozen=True)
class OnChain:
    """The contract's name of a parameter, and the function that computes its number.

    A rule may have a function of its own, like those below:
    ``OnChain("k", times_memory, ("memory_days",))``.
    """

    name: str
    form: Form = unchanged
    needs: tuple[str, ...] = ()
    """Readable names of other parameters of the same rule."""

    def prefixed(self, prefix: str) -> "OnChain":
        """The same for a rule whose parameters all have a prefix."""
        needs = tuple(prefix + name for name in self.needs)
        return replace(self, name=prefix + self.name, needs=needs)


def lamb(days: Numbers, keeper: Keeper) -> Numbers:
    r"""The decay $\lambda$ of a memory, capped at the longest."""
    return _share(Memory(keeper.chunk_period).raw(np.clip(days, 0, keeper.max_memory_days)))


def moved_lamb(delta: Numbers, keeper: Keeper, days: Numbers) -> Numbers:
    """The decay whose logit is that of a memory, before any cap, plus ``delta``."""
    memory = Memory(keeper.chunk_period)
    longest = memory.raw(np.asarray(float(keeper.max_memory_days)))
    return _share(np.minimum(memory.raw(days) + delta, longest))


def times_memory(a_day: Numbers, keeper: Keeper, *days: Numbers) -> Numbers:
    """A rate a day becomes a rate a memory, of several memories the longest."""
    return np.asarray(a_day * np.minimum(np.max(days, axis=0), keeper.max_memory_days))


def at_least_one(values: Numbers, keeper: Keeper) -> Numbers:
    """The larger of the value and one, as the rule applies it."""
    del keeper
    return np.maximum(values, 1)


def _share(logit: Numbers) -> Numbers:
    return np.asarray(np.exp(-np.logaddexp(0, -logit)))


WEIGHTS = OnChain("weights")
LAMB = OnChain("lamb", lamb)
