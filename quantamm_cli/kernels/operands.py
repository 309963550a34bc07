"""The operands of compiled loops besides prices: weights in blocks, frictions, trades.

All are numbers; a row is a minute.
"""

from typing import NamedTuple

from jax import Array
from jaxtyping import Bool, Float, Int


class Frictions(NamedTuple):
    """Costs of trading and the LP supply: scalars, or one number a minute. The program does not
    compute what is ``None``.
    """

    fee: Float[Array, "*t"]
    gas_cost: Float[Array, "*t"] | None = None
    arb_fee: Float[Array, "*t"] | None = None
    protocol_fee_split: Float[Array, ""] | None = None
    noise_trader_ratio: Float[Array, ""] | None = None
    lp_supply: Float[Array, " t"] | None = None


class Trades(NamedTuple):
    """Given trades, up to k a minute in their order: ``amount`` of token ``pay`` comes in or, where
    ``exact_out``, ``amount`` of token ``take`` goes out.

    ``pay`` is negative where there is no trade.
    """

    pay: Int[Array, "*t k"]
    take: Int[Array, "*t k"]
    amount: Float[Array, "*t k"]
    exact_out: Bool[Array, "*t k"]


class Volumes(NamedTuple):
    """The value traded with the pool in the numeraire, (t,) each, or of one minute: half of what
    came in and went out, at market prices. ``arbitrage``: by arbitrageurs; ``trades``: by external
    trades.
    """

    arbitrage: Float[Array, "*t"] | float = 0.0
    trades: Float[Array, "*t"] | float = 0.0


class Blocks(NamedTuple):
    """Weights at the start of each block, their change a minute while they move, and the minutes
    after which they stop, if early.
    """

    starts: Float[Array, "b n"]
    slopes: Float[Array, "b n"]
    stops: Float[Array, " b"] | None = None
