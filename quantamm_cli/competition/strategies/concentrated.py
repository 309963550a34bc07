"""Liquidity within a range of prices."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field

from quantamm_cli.competition.fill import sided
from quantamm_cli.competition.strategy import Scalar, State, Strategy, constant_product, within
from quantamm_cli.settings.types import Positive


def quoted(
    side: Bool[Array, ""],
    amount: Scalar,
    reserves: Float[Array, "2"],
    effective: Float[Array, "2"],
    fee: Scalar | float,
) -> Scalar:
    """The output of a pool that is constant-product on ``effective`` balances, real plus virtual,
    with ``reserves``.
    """
    got = constant_product(amount, *sided(side, effective[0], effective[1]), fee)
    return within(got, sided(side, reserves[0], reserves[1])[1])


class Concentrated(Strategy, kind="concentrated"):
    r"""Constant product on real plus virtual reserves, with all liquidity from ``low`` to ``high``.

    $(x + L/\sqrt{p_b})(y + L\sqrt{p_a}) = L^2$. Its first price is the market's if that is the
    geometric mean of its bounds. Beyond a bound it has one token only. Fees stay in the pool.
    [Uniswap v3 whitepaper, 2021]
    """

    low: Positive = Field(50.0, description="lowest price with liquidity, in Y")
    high: Positive = Field(200.0, description="highest price with liquidity, in Y")
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    def quote(
        self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]
    ) -> Scalar:
        return quoted(side, amount, reserves, self._effective(reserves), self.fee_bps / 1e4)

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        effective = self._effective(reserves)
        return effective[1] / effective[0]

    def _effective(self, reserves: Float[Array, "2"]) -> Float[Array, "2"]:
        x, y = reserves
        low, high = jnp.sqrt(self.low), jnp.sqrt(self.high)
        narrow = 1 - low / high
        middle = x * low + y / high
        liquidity = (middle + jnp.sqrt(middle**2 + 4 * narrow * x * y)) / (2 * narrow)
        return jnp.stack([x + liquidity / high, y + liquidity * low])
