"""A readjusting pool of the simulator."""

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.competition.pooled import Pooled
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.core.reclamm import SHIFT_DIVISOR
from quantamm_cli.pools import reclamm
from quantamm_cli.pools.reclamm import Readjusting, Shift
from quantamm_cli.settings.types import NonNegative, Positive, Share


class Reclamm(Pooled, kind="reclamm"):
    """Constant product on real plus virtual balances, whose range follows the market when a token
    becomes scarce.

    It starts in the middle of its range. In each step that begins with a centeredness below
    ``margin``, the virtual balances shift as in ``step_seconds`` of version 2 of the contract. See
    the pool of the same name.
    """

    price_ratio: float = Field(4.0, gt=1, description="highest price of its range over the lowest")
    margin: Share = Field(0.2, description="centeredness below which the range moves")
    shift_exponent: NonNegative = Field(
        1.0, le=1000, description="halvings a day of the scarce token's virtual balance"
    )
    step_seconds: Positive = Field(60.0, description="duration of a step, in seconds")
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    def quotes(self) -> Quotes:
        center = jnp.sqrt(jnp.sqrt(self.price_ratio)) - 1
        log_base = jnp.log1p(-self.shift_exponent / SHIFT_DIVISOR)
        shift = Shift(jnp.asarray(self.margin), log_base)
        return Readjusting(reclamm.Reclamm(), center, shift, self.step_seconds, self.fee_bps / 1e4)
