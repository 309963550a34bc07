"""A function-maximising pool of the simulator."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field

from quantamm_cli.competition.strategies.balancer import shares, weighted_price
from quantamm_cli.competition.strategy import Scalar, State, Strategy
from quantamm_cli.core.fm_amm import out_given_in


class CoW(Strategy, kind="cow"):
    """An FM-AMM whose every order is a batch: its average price is the marginal one afterwards.
    [Canidio & Fritsch, arXiv:2307.02074]

    Entrants open with as much value in X as in Y: with other weights its first price is not the
    market's, which arbitrage takes.
    """

    weight: float = Field(0.5, gt=0, lt=1, description="weight of X; Y has the rest")
    fee_bps: float = Field(
        30.0, ge=0, le=10_000, description="share of what is paid in, in basis points"
    )

    def quote(
        self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]
    ) -> Scalar:
        return out_given_in(
            reserves,
            shares(self.weight),
            jnp.where(side, 1, 0),
            amount * (1 - jnp.asarray(self.fee_bps) / 1e4),
        )

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        return weighted_price(reserves, shares(self.weight))
