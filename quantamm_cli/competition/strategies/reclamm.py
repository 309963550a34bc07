"""A readjusting pool of the simulator."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field

from quantamm_cli.competition.strategies.concentrated import quoted
from quantamm_cli.competition.strategy import Epoch, Scalar, Strategy, Tick
from quantamm_cli.core import reclamm
from quantamm_cli.settings.types import NonNegative, Positive, Share


class Virtual(NamedTuple):
    """Virtual balances of X and Y; zeros before the first step."""

    balances: Float[Array, "2"] | np.ndarray


class Reclamm(Strategy, kind="reclamm"):
    """Constant product on real plus virtual balances, whose range follows the market once
    a token has become scarce.

    It opens in the middle of its range. In each step that begins with a centeredness below
    ``margin``, the virtual balances shift as those of version 2 of the contract do in
    ``step_seconds``. See the pool of the same name.
    """

    price_ratio: float = Field(4.0, gt=1, description="highest price of its range over the lowest")
    margin: Share = Field(0.2, description="centeredness below which the range moves")
    shift_exponent: NonNegative = Field(
        1.0, le=1000, description="how fast: halvings a day of the scarce token's virtual balance"
    )
    step_seconds: Positive = Field(60.0, description="how long a step takes")
    fee_bps: float = Field(
        30.0, ge=0, le=10_000, description="share of what is paid in, in basis points"
    )

    def init(self) -> Virtual:
        return Virtual(np.zeros(2))

    def quote(
        self, state: Virtual, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]
    ) -> Scalar:
        return quoted(
            side, amount, reserves, reserves + self._virtual(state, reserves), self.fee_bps / 1e4
        )

    def on_step(self, state: Virtual, tick: Tick) -> Virtual:
        virtual = self._virtual(state, tick.reserves)
        center, _ = reclamm.centeredness(tick.reserves, virtual)
        log_base = jnp.log1p(-self.shift_exponent / reclamm.SHIFT_DIVISOR)
        over = reclamm.geometric(tick.reserves, virtual, log_base, jnp.asarray(self.step_seconds))
        return Virtual(
            jnp.where(
                center < self.margin, reclamm.shifted(tick.reserves, virtual, over, 2), virtual
            )
        )

    def on_epoch(self, state: Virtual, epoch: Epoch) -> Virtual:
        return Virtual(state.balances * epoch.growth)

    def spot(self, state: Virtual, reserves: Float[Array, "2"]) -> Scalar:
        return reclamm.price(reserves, self._virtual(state, reserves))

    def _virtual(self, state: Virtual, reserves: Float[Array, "2"]) -> Float[Array, "2"]:
        """Those it has, or those it opens with: centered, for X and Y of equal value."""
        balances = jnp.asarray(state.balances)
        return jnp.where(
            balances > 0, balances, reserves / (jnp.sqrt(jnp.sqrt(self.price_ratio)) - 1)
        )
