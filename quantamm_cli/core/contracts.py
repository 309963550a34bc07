"""What contracts are given of a parameter: the number their arithmetic
uses, not the one that trains.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from quantamm_cli.core.bijectors import Memory, Numbers


class Keeper(NamedTuple):
    """How often a contract's keeper looks at prices, in minutes, and the longest memory an
    estimator may have, in days.
    """

    chunk_period: int
    max_memory_days: int


Form = Callable[..., Numbers]
"""Of a parameter's readable values, the keeper, and the readable values of the
parameters that it ``needs``.
"""


def unchanged(values: Numbers, keeper: Keeper) -> Numbers:
    """The contract takes what people read."""
    del keeper
    return values


@dataclass(frozen=True)
class OnChain:
    """The contract's name of a parameter, and how its number comes about.

    A rule's own form is a function of the same kind as those below:
    ``OnChain("k", times_memory, ("memory_days",))``.
    """

    name: str
    form: Form = unchanged
    needs: tuple[str, ...] = ()
    """Readable names of other parameters of the same rule."""

    def prefixed(self, prefix: str) -> "OnChain":
        """Of a rule whose parameters all have a prefix."""
        return replace(
            self, name=prefix + self.name, needs=tuple(prefix + name for name in self.needs)
        )


def lamb(days: Numbers, keeper: Keeper) -> Numbers:
    r"""The decay $\lambda$ of a memory, which is at most the longest."""
    return _share(Memory(keeper.chunk_period).raw(np.clip(days, 0, keeper.max_memory_days)))


def moved_lamb(delta: Numbers, keeper: Keeper, days: Numbers) -> Numbers:
    """The decay whose logit is that of a memory, before any cap, plus ``delta``."""
    memory = Memory(keeper.chunk_period)
    return _share(
        np.minimum(memory.raw(days) + delta, memory.raw(np.asarray(float(keeper.max_memory_days))))
    )


def times_memory(a_day: Numbers, keeper: Keeper, *days: Numbers) -> Numbers:
    """What we keep a day is what contracts keep a memory, of several the longest."""
    return np.asarray(a_day * np.minimum(np.max(days, axis=0), keeper.max_memory_days))


def at_least_one(values: Numbers, keeper: Keeper) -> Numbers:
    """As the rule applies it."""
    del keeper
    return np.maximum(values, 1)


def _share(logit: Numbers) -> Numbers:
    return np.asarray(np.exp(-np.logaddexp(0, -logit)))


WEIGHTS = OnChain("weights")
LAMB = OnChain("lamb", lamb)
