"""An elliptic pool of the simulator."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field

from quantamm_cli.competition.strategy import Scalar, State, Strategy, within
from quantamm_cli.core import eclp
from quantamm_cli.settings.types import Positive


class Gyroscope(Strategy, kind="gyroscope"):
    """Liquidity on an ellipse, most of it at ``peak``, none outside ``low`` to ``high``:
    see the pool of the same name.

    It opens at the market's price if its reserves are what the curve holds there, as with bounds
    and peak around it evenly.
    """

    low: Positive = Field(0.5, description="lowest price it serves, over reference")
    high: Positive = Field(2.0, description="highest price it serves, over reference")
    peak: Positive = Field(1.0, description="price of the most liquidity, over reference")
    stretch: float = Field(2.0, ge=1, description="how much of the liquidity is there")
    reference: Positive = Field(100.0, description="price that counts as one, in Y")
    fee_bps: float = Field(
        30.0, ge=0, le=10_000, description="share of what is paid in, in basis points"
    )

    def quote(
        self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]
    ) -> Scalar:
        paid_in, given_in = (
            jnp.where(side, self.reference, 1.0),
            jnp.where(side, 1.0, self.reference),
        )
        there = reserves / jnp.stack([jnp.ones(()), jnp.asarray(self.reference)])
        counted = amount * (1 - self.fee_bps / 1e4) / paid_in
        got = eclp.out_given_in(self._curve(), there, jnp.where(side, 1, 0), counted) * given_in
        return within(got, jnp.where(side, reserves[0], reserves[1]))

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        return (
            eclp.quote(
                self._curve(), reserves / jnp.stack([jnp.ones(()), jnp.asarray(self.reference)])
            )
            * self.reference
        )

    def _curve(self) -> eclp.Curve:
        return eclp.curve(
            *(jnp.asarray(value, float) for value in (self.low, self.high, self.stretch, self.peak))
        )
