"""Stochastic weight averaging: the mean of the parameters late in training.

[Izmailov et al., arXiv:1803.05407]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """Sums of raw parameters ``(sets, …)``, and the number of terms of each set."""

    sums: Mapping[str, Column]
    count: NDArray[np.int64]

    @classmethod
    def empty(cls, params: Mapping[str, Column]) -> "Average":
        """The average before the first parameters."""
        sums = {name: np.zeros(np.shape(value)) for name, value in params.items()}
        return cls(sums, np.zeros(len(next(iter(sums.values()))), np.int64))

    def plus(self, params: Mapping[str, Column]) -> "Average":
        """The average with one more term."""
        sums = {name: value + params[name] for name, value in self.sums.items()}
        return type(self)(sums, self.count + 1)

    def without(self, which: Sequence[int]) -> "Average":
        """The average without the terms of the given sets, which were drawn anew."""
        stays = ~np.isin(np.arange(len(self.count)), which)
        sums = {name: value * _along_sets(stays, value) for name, value in self.sums.items()}
        return type(self)(sums, self.count * stays)

    def means(self, fallback: Mapping[str, Column]) -> dict[str, Column]:
        """The means; the parameters of ``fallback`` for sets without a term."""
        means = {}
        for name, total in self.sums.items():
            count = _along_sets(self.count, total)
            means[name] = np.where(count > 0, total / np.maximum(count, 1), fallback[name])
        return means


def _along_sets(values: NDArray[Any], like: Column) -> NDArray[Any]:
    """One value a set, with as many axes as ``like``."""
    return values.reshape(-1, *[1] * (like.ndim - 1))
