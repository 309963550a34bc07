"""Given trades: trades of others with the pool, read from data."""

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
"""From reserves, the tokens paid and taken, an amount, and whether it is the amount taken, to the
amount in, fee included, and the amount out.
"""


def traded(
    reserves: Reserves, minute: Minute, swap: Swap
) -> tuple[Reserves, Scalar, Int[Array, ""]]:
    """Reserves after the minute's external trades in their order, the fees they paid the providers,
    and how many were refused.

    A trade is refused if the pool cannot pay it out: it would take a whole reserve or more, or has
    no finite price.
    """
    none = jnp.zeros((), reserves.dtype), jnp.zeros((), jnp.int32)
    if minute.trades is None:
        return reserves, *none
    split = minute.protocol_fee_split
    provider_share = 1.0 if split is None else 1 - split

    def one(
        carry: tuple[Reserves, Scalar, Array], trade: Trades
    ) -> tuple[tuple[Reserves, Scalar, Array], None]:
        before, fees, refused = carry
        exists = (trade.pay >= 0) & (trade.amount > 0)
        possible = exists & ~(trade.exact_out & (trade.amount >= before[trade.take]))
        amount = jnp.where(possible, trade.amount, 0)
        paid, taken = swap(before, trade.pay, trade.take, amount, trade.exact_out)
        finite = jnp.isfinite(paid) & jnp.isfinite(taken)
        happens = possible & finite & (paid > 0) & (taken < before[trade.take])
        paid, taken = jnp.where(happens, paid, 0), jnp.where(happens, taken, 0)
        fee = paid * minute.fee
        added = paid - fee * (1 - provider_share)
        after = before.at[trade.pay].add(added).at[trade.take].add(-taken)
        fees += fee * provider_share * minute.prices[trade.pay]
        return (after, fees, refused + (exists & ~happens)), None

    (reserves, fees, refused), _ = jax.lax.scan(one, (reserves, *none), minute.trades)
    return reserves, fees, refused


def geometric_swap(weights: Float[Array, " n"], fee: Scalar) -> Swap:
    """The swaps of a geometric mean pool; the fee is taken from the amount in."""

    def swap(
        reserves: Reserves, pay: Array, take: Array, amount: Scalar, exact_out: Array
    ) -> tuple[Scalar, Scalar]:
        pair = reserves[pay], weights[pay], reserves[take], weights[take]
        taken = out_given_in(*pair, jnp.where(exact_out, 0, amount), fee)
        paid = in_given_out(*pair, jnp.where(exact_out, amount, 0), fee)
        return jnp.where(exact_out, paid, amount), jnp.where(exact_out, amount, taken)

    return swap
