"""Benchmark portfolios, which follow a pool's weights by trading at an exchange."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.minute import window
from quantamm_cli.core.rebalancing import YEAR, Broker, log_value
from quantamm_cli.core.types import DAY, Feed, Params, Path
from quantamm_cli.pools.base import held
from quantamm_cli.pools.wrapper import Wrapper
from quantamm_cli.settings.types import Fraction, NonNegative


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
        weights = self.base.frictionless(params, feed, start, rows).weights
        visits, chunk = np.arange(0, rows, feed.trading.every), self.chunk
        assert chunk is not None
        return fund_path(self.broker, weights, feed, start, visits, chunk)


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
    visits: NDArray[np.int64],
    chunk: int,
) -> Path:
    """The path of a portfolio that trades to these weights on the rows ``visits`` and holds its
    tokens between them.
    """
    rows = len(weights)
    prices = window(feed.prices, start, rows)
    spread: Array | float | None = broker.spread
    if spread is None:
        known = feed.first_chunk + (feed.burn_in + start + visits) // chunk
        spread = feed.series["spread"][known]
    years = rows / len(visits) / YEAR
    streamed = 1 - (1 - jnp.asarray(broker.annual_streaming_fee, prices.dtype)) ** years
    growth = log_value(weights[visits], prices[visits], broker.cost, spread, streamed)
    opening = feed.initial_pool_value
    if feed.initial_reserves is not None:
        opening = (feed.initial_reserves * prices[0]).sum()
    reserves = weights[visits] * (opening * jnp.exp(growth))[:, None] / prices[visits]
    return Path(weights, held(reserves, visits, rows), jnp.zeros(rows, prices.dtype))
