"""Pools whose weights have a start and a slope for every chunk."""

from abc import ABC, abstractmethod
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core import interpolate
from quantamm_cli.core.closed_form import log_growth
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.minute import window
from quantamm_cli.core.types import Feed, Left, Params, Path, Snapshot
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
    def goes_on(self) -> bool:
        return True

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
        if feed.left is not None:
            return feed.first_chunk
        return feed.first_chunk + (feed.burn_in + row) // self.chunk_period

    def blocks(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Blocks:
        length = rows if feed.left is None else rows + self.chunk_period - 1
        return self.weight_blocks(params, feed, start, -(-length // self.chunk_period))

    def anchor(self, feed: Feed, rows: int) -> Int[Array, ""] | int:
        if self.open_for is None:
            return super().anchor(feed, rows)
        return self._last_visits(feed, rows)[-1]

    def left(
        self, params: Params, feed: Feed, start: Int[Array, ""], path: Path, row: Int[Array, ""]
    ) -> Left:
        chunk, begun = self.chunk_period, _phase(feed)
        # The next block begins with weights that the same computation gives, to the last bit.
        feed = _with_one_more_chunk(feed)
        blocks = self.blocks(params, feed, start, len(path.reserves) + chunk)
        block, phase = (begun + row) // chunk, (begun + row) % chunk
        at = self.chunk_of(feed, start) + block
        estimators = self.readouts(params, feed)
        return (
            super()
            .left(params, feed, start, path, row)
            ._replace(
                phase=phase,
                lag=phase + (feed.burn_in + start - begun) % chunk,
                weights=blocks.starts[block],
                slope=blocks.slopes[block],
                next=blocks.starts[block + 1],
                estimators={name: column[at] for name, column in estimators.items()},
            )
        )

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

    def open_after(self, feed: Feed, rows: int) -> Bool[Array, " rows"]:
        if self.open_for is None:
            return super().open_after(feed, rows)
        return (_phase(feed) + jnp.arange(rows)) % self.chunk_period < self.open_for

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
        simple = feed.always_balanced and self.is_linear and self.open_for is None
        return simple and feed.left is None

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
        blocks = self.blocks(params, feed, start, rows)
        if feed.left is None:
            return self.interpolated(blocks, rows)
        whole = self.interpolated(blocks, rows + self.chunk_period - 1)
        return window(whole, jnp.asarray(feed.left.phase), rows)

    def interpolated(self, blocks: Blocks, rows: int) -> Float[Array, "rows n"]:
        """Weights at every minute."""
        starts, slopes, stops = blocks
        fill = interpolate.METHODS[self.weight_interpolation_method]
        minutes = fill(starts, slopes, self.chunk_period, self.weight_interpolation_period, stops)
        return minutes.reshape(-1, minutes.shape[-1])[:rows]


def _phase(feed: Feed) -> Int[Array, ""] | int:
    """Minutes from the start of its block to row 0."""
    return 0 if feed.left is None else feed.left.phase


def _with_one_more_chunk(feed: Feed) -> Feed:
    """The feed with its last chunk twice."""

    def longer(column: Float[Array, "c _"]) -> Float[Array, "d _"]:
        return jnp.concatenate([column, column[-1:]])

    series = {name: longer(column) for name, column in feed.series.items()}
    return feed._replace(chunks=longer(feed.chunks), series=series)
