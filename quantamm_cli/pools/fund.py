"""Portfolios that follow a pool's weights by trading at an exchange:
what the pool is measured against.
"""

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
    """A portfolio that holds what a frictionless pool would, but trades at the market's prices: it
    loses nothing to arbitrageurs.

    [Milionis, Moallemi, Roughgarden & Zhang, arXiv:2208.06046]
    """

    cost: Fraction = Field(0.0, description="exchange fee, a fraction of what is sold")

    @property
    def chunk(self) -> int | None:
        return self.base.chunk or DAY

    @property
    def broker(self) -> Broker:
        """What its trades cost."""
        return Broker(self.cost)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        weights = self.base.frictionless(params, feed, start, rows).weights
        chunk = self.chunk
        assert chunk is not None
        return brokered(
            self.broker, weights, feed, start, np.arange(0, rows, feed.trading.every), chunk
        )


class RebalancingVersusRebalancing(LossVersusRebalancing, kind="rvr"):
    """As ``lvr`` where trading costs what it does at an exchange: a fee on what is sold, and half
    the spread on all that moves.

    [Willetts & Harrington, "Rebalancing-versus-Rebalancing", arXiv:2410.23404]
    """

    cost: Fraction = Field(0.001, description="exchange fee, a fraction of what is sold")
    spread: NonNegative | None = Field(
        0.0005,
        description="bid-ask spread, a fraction of the price; null: the series data.series.spread",
    )

    @property
    def looks_at(self) -> tuple[str, ...]:
        return (*super().looks_at, *(("spread",) if self.spread is None else ()))

    @property
    def broker(self) -> Broker:
        return Broker(self.cost, self.spread)


def brokered(
    broker: Broker,
    weights: Float[Array, "rows n"],
    feed: Feed,
    start: Int[Array, ""],
    visits: NDArray[np.int64],
    chunk: int,
) -> Path:
    """The path of a portfolio that trades to these weights on the rows
    ``visits`` and holds between.
    """
    rows = len(weights)
    prices = window(feed.prices, start, rows)
    spread: Array | float | None = broker.spread
    if spread is None:
        known = feed.first_chunk + (feed.burn_in + start + visits) // chunk
        spread = feed.series["spread"][known]
    leaves = 1 - (1 - jnp.asarray(broker.annual_streaming_fee, prices.dtype)) ** (
        rows / len(visits) / YEAR
    )
    growth = log_value(weights[visits], prices[visits], broker.cost, spread, leaves)
    opening = (
        feed.initial_pool_value
        if feed.initial_reserves is None
        else (feed.initial_reserves * prices[0]).sum()
    )
    reserves = weights[visits] * (opening * jnp.exp(growth))[:, None] / prices[visits]
    return Path(weights, held(reserves, visits, rows), jnp.zeros(rows, prices.dtype))
