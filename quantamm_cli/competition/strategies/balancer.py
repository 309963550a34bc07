"""A weighted pool of the simulator."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field

from quantamm_cli.competition.fill import sided
from quantamm_cli.competition.strategy import Scalar, State, Strategy, within
from quantamm_cli.core.swap import out_given_in


def shares(of_x: Scalar | float) -> Float[Array, "2"]:
    """The weights of X and Y."""
    return jnp.stack([jnp.asarray(of_x, float), 1 - jnp.asarray(of_x, float)])


def weighted_price(reserves: Float[Array, "2"], weights: Float[Array, "2"]) -> Scalar:
    """Y per X of a geometric mean pool."""
    return reserves[1] / reserves[0] * weights[0] / weights[1]


def weighted(
    side: Bool[Array, ""],
    amount: Scalar,
    reserves: Float[Array, "2"],
    weights: Float[Array, "2"],
    fee: Scalar | float,
) -> Scalar:
    """What a geometric mean pool of X and Y gives."""
    into, out_of = sided(side, reserves[0], reserves[1])
    paid, taken = sided(side, weights[0], weights[1])
    return within(jnp.asarray(out_given_in(into, paid, out_of, taken, amount, fee)), out_of)


class Balancer(Strategy, kind="balancer"):
    """A geometric mean pool of two tokens. [Martinelli & Mushegian, Balancer whitepaper, 2019]

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
        return weighted(side, amount, reserves, shares(self.weight), self.fee_bps / 1e4)

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        return weighted_price(reserves, shares(self.weight))
