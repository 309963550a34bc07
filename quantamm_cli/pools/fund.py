"""Benchmark portfolios, which follow a pool's weights by trading at an exchange."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.minute import window
from quantamm_cli.core.rebalancing import YEAR, Broker, log_value
from quantamm_cli.core.types import DAY, Feed, Left, Params, Path
from quantamm_cli.pools.base import held
from quantamm_cli.pools.wrapper import Wrapper
from quantamm_cli.settings.types import Fraction, NonNegative

_BASE = "base"


class LossVersusRebalancing(Wrapper, kind="lvr"):
    """A portfolio with the weights of a frictionless pool that trades at the market's prices, and
    so loses nothing to arbitrageurs.

    It reinvests what it gains by that; the strategy of [Milionis, Moallemi, Roughgarden & Zhang,
    arXiv:2208.06046] holds the pool's reserves: the metric ``loss_versus_rebalancing``.
    """

    cost: Fraction = Field(0.0, description="exchange fee, a fraction of the value sold")

    @property
    def chunk(self) -> int | None:
        return self.base.chunk or DAY

    @property
    def broker(self) -> Broker:
        """The costs of its trades."""
        return Broker(self.cost)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        base_feed = feed
        if feed.left is not None:
            base_feed = feed._replace(left=feed.left.parts[_BASE])
        base = self.base.frictionless(params, base_feed, start, rows)
        every, chunk = feed.trading.every, self.chunk
        assert chunk is not None
        visits = np.arange(0, rows, every)
        path = fund_path(self.broker, base.weights, feed, start, visits, chunk, every)
        return path._replace(inside={_BASE: (base, base_feed)})

    def anchor(self, feed: Feed, rows: int) -> Int[Array, ""] | int:
        left = None if feed.left is None else feed.left.parts.get(_BASE)
        return self.base.anchor(feed._replace(left=left), rows)

    def left(
        self, params: Params, feed: Feed, start: Int[Array, ""], path: Path, row: Int[Array, ""]
    ) -> Left:
        """The portfolio, and the pool inside, of which it follows the weights."""
        left, chunk = super().left(params, feed, start, path, row), self.chunk
        assert chunk is not None
        lag: Int[Array, ""] | int = (feed.burn_in + start + row) % chunk
        if not path.inside:  # nobody trades, so that the pool inside was not computed
            return left._replace(lag=lag)
        inside, inside_feed = path.inside[_BASE]
        base = self.base.left(params, inside_feed, start, inside, row)
        if self.base.chunk is not None:
            lag = base.lag
        return left._replace(phase=base.phase, lag=lag, parts={_BASE: base})


class RebalancingVersusRebalancing(LossVersusRebalancing, kind="rvr"):
    """As ``lvr``, with the costs of an exchange: a fee on the value sold, and half the spread on
    the value bought and sold.

    [Willetts & Harrington, "Rebalancing-versus-Rebalancing", arXiv:2410.23404]
    """

    cost: Fraction = Field(0.001, description="exchange fee, a fraction of the value sold")
    spread: NonNegative | None = Field(
        0.0005,
        description="bid-ask spread, a fraction of the price; null: the series data.series.spread",
    )

    @property
    def looks_at(self) -> tuple[str, ...]:
        series = super().looks_at
        return (*series, "spread") if self.spread is None else series

    @property
    def broker(self) -> Broker:
        return Broker(self.cost, self.spread)


def fund_path(
    broker: Broker,
    weights: Float[Array, "rows n"],
    feed: Feed,
    start: Int[Array, ""],
    visits: NDArray[np.int64] | Int[Array, " rows"],
    chunk: int,
    spacing: float,
) -> Path:
    """The path of a portfolio that trades to these weights on the rows ``visits`` and holds its
    tokens between them.

    ``visits``: rows, or the last visit up to each row. ``spacing``: the mean time between visits,
    minutes, for which each of them pays the streaming fee.
    """
    rows = len(weights)
    prices = window(feed.prices, start, rows)
    spread: Array | float | None = broker.spread
    if spread is None:
        known = feed.first_chunk + (feed.burn_in + start + visits) // chunk
        spread = feed.series["spread"][known]
    fee = jnp.asarray(broker.annual_streaming_fee, prices.dtype)
    streamed = 1 - (1 - fee) ** (spacing / YEAR)
    if not isinstance(visits, np.ndarray):  # rows without a visit repeat the one before
        streamed = jnp.where(jnp.diff(visits) > 0, streamed, 0)
    growth = log_value(weights[visits], prices[visits], broker.cost, spread, streamed)
    opening = feed.initial_pool_value
    if feed.opening is not None:
        opening = (feed.opening * prices[0]).sum()
    reserves = weights[visits] * (opening * jnp.exp(growth))[:, None] / prices[visits]
    if isinstance(visits, np.ndarray):
        reserves = held(reserves, visits, rows)
    return Path(weights, reserves, jnp.zeros(rows, prices.dtype))
