"""What compiled loops are given besides prices: weights in blocks, frictions, trades.

Numbers only; a row is a minute.
"""

from typing import NamedTuple

from jax import Array
from jaxtyping import Bool, Float, Int


class Frictions(NamedTuple):
    """Costs of trading and the LP supply: scalars, or one number a minute. ``None`` marks what the
    program need not compute.
    """

    fee: Float[Array, "*t"]
    gas_cost: Float[Array, "*t"] | None = None
    arb_fee: Float[Array, "*t"] | None = None
    protocol_fee_split: Float[Array, ""] | None = None
    noise_trader_ratio: Float[Array, ""] | None = None
    lp_supply: Float[Array, " t"] | None = None


class Trades(NamedTuple):
    """Given trades, up to k a minute in their order: ``amount`` of token ``pay`` comes in or, where
    ``exact_out``, of ``take`` goes out.

    ``pay`` below zero marks an empty place.
    """

    pay: Int[Array, "*t k"]
    take: Int[Array, "*t k"]
    amount: Float[Array, "*t k"]
    exact_out: Bool[Array, "*t k"]


class Blocks(NamedTuple):
    """Weights where each block begins, their change a minute while they move, and after how many
    minutes they stop, if early.
    """

    starts: Float[Array, "b n"]
    slopes: Float[Array, "b n"]
    stops: Float[Array, " b"] | None = None
