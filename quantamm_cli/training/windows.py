"""The training windows of a step."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed
from quantamm_cli.errors import ConfigError
from quantamm_cli.random import tags

Sampling = Literal["uniform", "exponential", "stratified"]
_RECENCY = 5.0
"""The logarithm of the probability of the last start over that of the first."""


@dataclass(frozen=True)
class Bank:
    """Paths of prices for training windows in place of history: one long market, in which each path
    follows its own burn-in.
    """

    feed: Feed
    first_rows: NDArray[np.int32]
    """The rows of ``feed`` at which paths begin."""

    def paths(self, seed: int, step: int, batch: int) -> NDArray[np.int32]:
        """The first rows of the paths for a step's windows, drawn with replacement."""
        random = np.random.Generator(np.random.PCG64([seed, step, tags.PATHS]))
        return random.choice(self.first_rows, size=batch)


def starts(
    seed: int, step: int, batch: int, offset: int, sampling: Sampling = "uniform"
) -> NDArray[np.int32]:
    """First rows of a step's windows: ``batch`` different ones of 0 to ``offset``.

    ``uniform``: all equally likely. ``exponential``: later ones likelier, the last e^5 times as
    likely as the first. ``stratified``: one from each of ``batch`` parts of equal length, to a row.
    A pure function of seed and step, so that a resumed run draws the same windows.

    Raises:
        ConfigError: there are fewer starts than windows.
    """
    if batch > offset + 1:
        message = (
            f"{batch} windows, but split.bout_offset={offset} leaves {offset + 1} to choose from; "
            "lower one or raise the other"
        )
        raise ConfigError("fit.batch_size", message)
    random = np.random.Generator(np.random.PCG64([seed, step, tags.WINDOWS]))
    if sampling == "stratified":
        edges = np.arange(batch + 1) * (offset + 1) // batch
        return random.integers(edges[:-1], edges[1:]).astype(np.int32)
    weights = _likelihood(offset) if sampling == "exponential" else None
    return random.choice(offset + 1, size=batch, replace=False, p=weights).astype(np.int32)


def _likelihood(offset: int) -> NDArray[np.float64]:
    """The probability of each start, exponential in its row."""
    weight: NDArray[np.float64] = np.exp(np.linspace(-_RECENCY, 0.0, offset + 1))
    return np.asarray(weight / weight.sum())
