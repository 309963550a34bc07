"""A weighted pool of the simulator."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field

from quantamm_cli.compete.strategy import Scalar, State, Strategy
from quantamm_cli.core.swap import out_given_in


class Balancer(Strategy, kind="balancer"):
    """A geometric mean pool of two tokens. [Martinelli & Mushegian, Balancer whitepaper, 2019]

    Entrants open with as much value in X as in Y: with other weights its first price is not the market's, which arbitrage takes.
    """

    weight: float = Field(0.5, gt=0, lt=1, description="weight of X; Y has the rest")
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of what is paid in, in basis points")

    def quote(self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]) -> Scalar:
        x, y = reserves
        of_x, of_y = jnp.asarray(self.weight), 1 - jnp.asarray(self.weight)
        into, out_of = jnp.where(side, y, x), jnp.where(side, x, y)
        paid, taken = jnp.where(side, of_y, of_x), jnp.where(side, of_x, of_y)
        return jnp.asarray(out_given_in(into, paid, out_of, taken, amount, self.fee_bps / 1e4))

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        x, y = reserves
        return jnp.asarray(y / x * self.weight / (1 - self.weight))
