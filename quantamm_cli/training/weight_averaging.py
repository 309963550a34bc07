"""Stochastic weight averaging: the mean of the parameters late in training.

[Izmailov et al., arXiv:1803.05407]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """Sums of raw parameters ``(sets, …)``, and how many went into each set's."""

    sums: Mapping[str, Column]
    count: NDArray[np.int64]

    @classmethod
    def of_none(cls, params: Mapping[str, Column]) -> "Average":
        """Before the first."""
        sums = {name: np.zeros(np.shape(value)) for name, value in params.items()}
        return cls(sums, np.zeros(len(next(iter(sums.values()))), np.int64))

    def and_these(self, params: Mapping[str, Column]) -> "Average":
        """With one more."""
        return type(self)(
            {name: value + params[name] for name, value in self.sums.items()}, self.count + 1
        )

    def without(self, which: Sequence[int]) -> "Average":
        """Some sets begin again: what was drawn anew has nothing to do with what was lost."""
        kept = ~np.isin(np.arange(len(self.count)), which)
        sums = {
            name: value * kept.reshape(-1, *[1] * (value.ndim - 1))
            for name, value in self.sums.items()
        }
        return type(self)(sums, self.count * kept)

    def means(self, otherwise: Mapping[str, Column]) -> dict[str, Column]:
        """The means; sets without any have what they have."""
        known = {
            name: (self.count > 0).reshape(-1, *[1] * (value.ndim - 1))
            for name, value in self.sums.items()
        }
        divisor = np.maximum(self.count, 1)
        return {
            name: np.where(known[name], value / divisor.reshape(known[name].shape), otherwise[name])
            for name, value in self.sums.items()
        }
