"""Pools whose weights have a start and a slope for every chunk."""

from abc import ABC, abstractmethod
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core import interpolate
from quantamm_cli.core.closed_form import log_growth
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.minute import window
from quantamm_cli.core.types import Feed, Params, Path, Snapshot
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.frictionless.jax_ops import growth
from quantamm_cli.kernels.frictions.jax_ops import Plan
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.geometric import GeometricPool, equilibrium, opening_value
from quantamm_cli.settings.types import Count


class ChunkedPool(GeometricPool, ABC):
    """A geometric mean pool whose weights move during the first minutes of every chunk, and are
    constant for the rest of it.
    """

    chunk_period: Count = Field(1440, description="length of a chunk, minutes between updates")
    weight_interpolation_period: Count = Field(
        1440, description="minutes over which weights change"
    )
    weight_interpolation_method: Literal["linear", "approx_optimal"] = Field(
        "linear", description="path between two weights"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.weight_interpolation_period > self.chunk_period:
            raise ConfigError(
                f"{where}.weight_interpolation_period",
                f"is {self.weight_interpolation_period} minutes; expected at most chunk_period "
                f"({self.chunk_period})",
            )

    @property
    def chunk(self) -> int | None:
        return self.chunk_period

    @property
    def moves(self) -> bool:
        return True

    @property
    def is_linear(self) -> bool:
        """Whether weights change linearly for the whole interpolation period."""
        return self.weight_interpolation_method == "linear"

    @abstractmethod
    def weight_blocks(
        self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int
    ) -> Blocks:
        """Start and slope of the weights in each block of a window."""

    def chunk_of(self, feed: Feed, row: Int[Array, ""]) -> Int[Array, ""]:
        """The index of the last chunk whose price is known at a row."""
        return feed.first_chunk + (feed.burn_in + row) // self.chunk_period

    def blocks(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Blocks:
        return self.weight_blocks(params, feed, start, -(-rows // self.chunk_period))

    @property
    def open_for(self) -> int | None:
        """The number of minutes at the beginning of each block that the pool trades in; ``None``:
        all.
        """
        return None

    def open_rows(self, rows: int) -> NDArray[np.bool_] | None:
        if self.open_for is None:
            return None
        return np.arange(rows) % self.chunk_period < self.open_for

    def plan(self, rows: int) -> Plan:
        return Plan(
            rows,
            self.chunk_period,
            self.weight_interpolation_period,
            None,
            self.weight_interpolation_method,
            open_for=self.open_for,
        )

    def has_closed_form(self, feed: Feed) -> bool:
        """Whether the pool is in equilibrium at every minute, and its weights change linearly for
        the whole interpolation period.
        """
        return feed.always_balanced and self.is_linear and self.open_for is None

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """In closed form if there is one."""
        if not self.has_closed_form(feed):
            return super().sampled(params, feed, start, length, rows)
        assert feed.prefix is not None
        chunk, period = self.chunk_period, self.weight_interpolation_period
        starts, slopes, _ = self.blocks(params, feed, start, length)
        log_value = log_growth(feed.prefix, starts, slopes, chunk, period, start, rows)
        block, minutes = rows // chunk, np.minimum(rows % chunk, period)
        weights = starts[block] + minutes[:, None] * slopes[block]
        opening = opening_value(feed, starts[0], feed.prices[start])
        return equilibrium(weights, log_value, opening, feed, start + rows)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """In compiled code if there is a closed form."""
        if not (self.has_closed_form(feed) and compiled()):
            return super().frictionless(params, feed, start, rows)
        assert feed.prefix is not None
        blocks = self.blocks(params, feed, start, rows)
        periods = self.chunk_period, self.weight_interpolation_period
        factor = growth(start, blocks.starts, blocks.slopes, feed.prefix.log_prices, periods, rows)
        prices = window(feed.prices, start, rows)
        value = opening_value(feed, blocks.starts[0], prices[0]) * factor.astype(prices.dtype)
        weights = self.interpolated(blocks, rows)
        return Path(weights, weights * value[:, None] / prices, jnp.zeros_like(value), value=value)

    def weights(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> Float[Array, "rows n"]:
        return self.interpolated(self.blocks(params, feed, start, rows), rows)

    def interpolated(self, blocks: Blocks, rows: int) -> Float[Array, "rows n"]:
        """Weights at every minute."""
        starts, slopes, stops = blocks
        fill = interpolate.METHODS[self.weight_interpolation_method]
        minutes = fill(starts, slopes, self.chunk_period, self.weight_interpolation_period, stops)
        return minutes.reshape(-1, minutes.shape[-1])[:rows]
