"""Trades that are given, not chosen: what others did with the pool."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from quantamm_cli.core.minute import Minute
from quantamm_cli.core.swap import in_given_out, out_given_in
from quantamm_cli.kernels.operands import Trades

Reserves = Float[Array, " n"]
Scalar = Float[Array, ""]
Swap = Callable[
    [Reserves, Int[Array, ""], Int[Array, ""], Scalar, Bool[Array, ""]], tuple[Scalar, Scalar]
]
"""Of reserves, the tokens paid and taken, an amount, and whether it is the amount taken: what goes
in, fee included, and what comes out.
"""


def traded(
    reserves: Reserves, minute: Minute, swap: Swap
) -> tuple[Reserves, Scalar, Int[Array, ""]]:
    """Reserves after the minute's given trades in their order, the fees they paid the providers,
    and how many were refused.

    A trade is refused if the pool cannot pay it out: it would take a whole reserve or
    more, or has no finite price.
    """
    none = jnp.zeros((), reserves.dtype), jnp.zeros((), jnp.int32)
    if minute.trades is None:
        return reserves, *none
    kept = 1.0 if minute.protocol_fee_split is None else 1 - minute.protocol_fee_split

    def one(
        carry: tuple[Reserves, Scalar, Array], trade: Trades
    ) -> tuple[tuple[Reserves, Scalar, Array], None]:
        held, fees, refused = carry
        asked = (trade.pay >= 0) & (trade.amount > 0)
        possible = asked & ~(trade.exact_out & (trade.amount >= held[trade.take]))
        paid, taken = swap(
            held, trade.pay, trade.take, jnp.where(possible, trade.amount, 0), trade.exact_out
        )
        happens = (
            possible
            & jnp.isfinite(paid)
            & jnp.isfinite(taken)
            & (paid > 0)
            & (taken < held[trade.take])
        )
        paid, taken = jnp.where(happens, paid, 0), jnp.where(happens, taken, 0)
        fee = paid * minute.fee
        after = held.at[trade.pay].add(paid - fee * (1 - kept)).at[trade.take].add(-taken)
        return (
            after,
            fees + fee * kept * minute.prices[trade.pay],
            refused + (asked & ~happens),
        ), None

    (reserves, fees, refused), _ = jax.lax.scan(one, (reserves, *none), minute.trades)
    return reserves, fees, refused


def geometric_swap(weights: Float[Array, " n"], fee: Scalar) -> Swap:
    """The swaps of a geometric mean pool; the fee is taken from what comes in."""

    def swap(
        reserves: Reserves, pay: Array, take: Array, amount: Scalar, exact_out: Array
    ) -> tuple[Scalar, Scalar]:
        pair = reserves[pay], weights[pay], reserves[take], weights[take]
        taken = out_given_in(*pair, jnp.where(exact_out, 0, amount), fee)
        paid = in_given_out(*pair, jnp.where(exact_out, amount, 0), fee)
        return jnp.where(exact_out, paid, amount), jnp.where(exact_out, amount, taken)

    return swap
