"""Pools whose weights move in blocks: a start and a slope for every chunk."""

from abc import ABC, abstractmethod
from typing import Literal, NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core import interpolate
from quantamm_cli.core.closed_form import log_growth
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.geometric import GeometricPool, equilibrium, opening_value
from quantamm_cli.settings.types import Count


class Blocks(NamedTuple):
    """Weights at the start of each block, their change a minute while they move, and after how many minutes they stop, if early."""

    starts: Float[Array, "b n"]
    slopes: Float[Array, "b n"]
    stops: Float[Array, " b"] | None = None


class CoarsePool(GeometricPool, ABC):
    """A geometric mean pool that moves its weights for a while in every chunk, and then holds them."""

    chunk_period: Count = Field(1440, description="minutes between looks at the price")
    weight_interpolation_period: Count = Field(1440, description="minutes a change of weights takes")
    weight_interpolation_method: Literal["linear", "approx_optimal"] = Field("linear", description="path between two weights")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.weight_interpolation_period > self.chunk_period:
            place = f"{where}.weight_interpolation_period"
            raise ConfigError(place, f"{self.weight_interpolation_period} minutes are longer than chunk_period ({self.chunk_period})")

    @property
    def chunk(self) -> int | None:
        return self.chunk_period

    @property
    def moves(self) -> bool:
        return True

    @property
    def straight(self) -> bool:
        """Whether weights move in straight lines for the whole period."""
        return self.weight_interpolation_method == "linear"

    @abstractmethod
    def coarse_weights(self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int) -> Blocks:
        """The blocks of a window."""

    def chunk_of(self, feed: Feed, row: Int[Array, ""]) -> Int[Array, ""]:
        """The last chunk whose price is known at a row."""
        return feed.first_chunk + (feed.burn_in + row) // self.chunk_period

    def sampled(self, params: Params, feed: Feed, start: Int[Array, ""], length: int, rows: NDArray[np.int64]) -> Path:
        """In closed form where weights move in straight lines for the whole period."""
        if feed.prefix is None or feed.trading.every > 1 or not self.straight:
            return super().sampled(params, feed, start, length, rows)
        chunk, period = self.chunk_period, self.weight_interpolation_period
        starts, slopes, _ = self.coarse_weights(params, feed, start, -(-length // chunk))
        growth = log_growth(feed.prefix, starts, slopes, chunk, period, start, rows)
        weights = starts[rows // chunk] + np.minimum(rows % chunk, period)[:, None] * slopes[rows // chunk]
        return equilibrium(weights, growth, opening_value(feed, starts[0], feed.prices[start]), feed, start + rows)

    def weights(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Float[Array, "rows n"]:
        blocks = -(-rows // self.chunk_period)
        starts, slopes, stops = self.coarse_weights(params, feed, start, blocks)
        fill = interpolate.METHODS[self.weight_interpolation_method]
        minutes = fill(starts, slopes, self.chunk_period, self.weight_interpolation_period, stops)
        return minutes.reshape(-1, minutes.shape[-1])[:rows]
