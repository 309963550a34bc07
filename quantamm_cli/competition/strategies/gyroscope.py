"""An elliptic pool of the simulator."""

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.competition.pooled import Pooled
from quantamm_cli.core import eclp
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.pools.gyroscope import Elliptic
from quantamm_cli.settings.types import Positive


class Gyroscope(Pooled, kind="gyroscope"):
    """Liquidity on an ellipse, most of it at ``peak``, none outside ``low`` to ``high``.

    See the pool of the same name. Its first price is the market's if the curve has equal values of
    X and Y there, as with bounds that are symmetric about the peak.
    """

    low: Positive = Field(0.5, description="lowest price with liquidity, over reference")
    high: Positive = Field(2.0, description="highest price with liquidity, over reference")
    peak: Positive = Field(1.0, description="price of the most liquidity, over reference")
    stretch: float = Field(2.0, ge=1, description="concentration of liquidity at the peak")
    reference: Positive = Field(100.0, description="unit of the prices above, in Y")
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    def quotes(self) -> Quotes:
        shape = (self.low, self.high, self.stretch, self.peak)
        curve = eclp.curve(*(jnp.asarray(value, float) for value in shape))
        return Elliptic(curve, self.reference, jnp.asarray(False), self.fee_bps / 1e4)
