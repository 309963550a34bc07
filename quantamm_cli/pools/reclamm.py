"""reCLAMM: two tokens, a price range, and a range that follows the market once
a token has become scarce.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int
from pydantic import Field

from quantamm_cli.core import reclamm
from quantamm_cli.core.arbitrage import settle
from quantamm_cli.core.bijectors import Interval
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.loop import checkpointed_scan
from quantamm_cli.core.minute import Minute, minutes, window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import Quotes, paid_first
from quantamm_cli.core.trading import traded
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool, Row, opening_weights, shares
from quantamm_cli.settings.types import Positive

_WIDEST = 1e8
"""Of price ratios."""
_FASTEST = 1000.0
"""Of halvings a day, and of multiples of a speed."""
_URGENT = 1e-10
"""The centeredness below which scaling does not hurry a shift any more."""

RATIO = Parameter(
    "logit_price_ratio",
    "price_ratio",
    "highest price / lowest",
    Interval(1.0, _WIDEST),
    4.0,
    low=1.01,
    high=200.0,
    log=True,
    count=1,
    onchain=OnChain("price_ratio"),
)
MARGIN = Parameter(
    "logit_centeredness_margin",
    "centeredness_margin",
    "centeredness",
    Interval(0.0, 1.0),
    0.2,
    low=0.01,
    high=0.99,
    count=1,
    onchain=OnChain("centeredness_margin"),
)
EXPONENT = Parameter(
    "logit_shift_exponent",
    "shift_exponent",
    "halvings/day",
    Interval(0.0, _FASTEST),
    1.0,
    low=0.01,
    high=100.0,
    log=True,
    count=1,
    onchain=OnChain("shift_exponent"),
)
ARC = Parameter(
    "logit_arc_length_scale",
    "arc_length_scale",
    "of the speed",
    Interval(0.0, _FASTEST),
    1.0,
    low=0.01,
    high=100.0,
    log=True,
    count=1,
    onchain=OnChain("arc_length_scale"),
)
FEE = Parameter(
    "logit_swap_fee",
    "swap_fee",
    "fraction",
    Interval(0.0, 1.0),
    0.003,
    low=1e-4,
    high=0.05,
    log=True,
    count=1,
    onchain=OnChain("swap_fee"),
)


Pair = Float[Array, "2"]
Scalar = Float[Array, ""]


class Shift(NamedTuple):
    """How the range moves: below which centeredness, and how fast (the logarithm of the
    factor a second, or the speed).
    """

    margin: Float[Array, ""]
    rate: Float[Array, ""]


class State(NamedTuple):
    """Real and virtual balances, and how the latter move."""

    reserves: Float[Array, "2"]
    virtual: Float[Array, "2"]
    shift: Shift


class Tick(NamedTuple):
    """A minute, and the seconds since anybody last used the pool:
    zero in a minute in which nobody does.
    """

    minute: Minute
    seconds: Float[Array, "*t"]


@dataclass(frozen=True)
class Readjusting(Quotes):
    """Quotes on real plus virtual balances; it remembers the latter, zeros before its first step.

    ``center`` is the fourth root of the price ratio less one: reserves of equal value are that
    many times the virtual balances.
    """

    pool: "Reclamm"
    center: Scalar
    shift: Shift
    seconds: Scalar | float
    """Of a step."""
    fee: Scalar | float

    def virtual(self, state: Pair, reserves: Pair) -> Pair:
        """Those it has, or those it opens with."""
        return jnp.where(state > 0, state, reserves / self.center)

    def opened(self) -> Pair:
        return jnp.zeros(2)

    def stepped(self, state: Pair, reserves: Pair, step: Int[Array, ""]) -> Pair:
        virtual, seconds = self.virtual(state, reserves), jnp.asarray(self.seconds, float)
        return self.pool.moved(reserves, virtual, self.shift, seconds)

    def grown(self, state: Pair, growth: Scalar) -> Pair:
        return state * growth

    def out_given_in(
        self, state: Pair, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        into, out_of = paid_first(reserves + self.virtual(state, reserves), pay)
        counted = amount * (1 - jnp.asarray(self.fee))
        return out_of * counted / (into + counted)

    def price(self, state: Pair, reserves: Pair) -> Scalar:
        return reclamm.price(reserves, self.virtual(state, reserves))


class Reclamm(AbstractPool, kind="reclamm"):
    r"""A readjusting concentrated liquidity pool. [Balancer, reCLAMM; see ``core.reclamm``]

    It opens at the market's price, with ``price_ratio`` between the ends of its range: in the
    middle of it if both tokens are worth the same. Whenever it is used while its centeredness is
    below ``centeredness_margin``, the scarce token's virtual balance has shrunk by ``b`` a second,
    $b = 1 -$ ``shift_exponent`` $/124649$, and the other has grown so that the range is as wide as
    before. ``constant_arc_length`` shifts so that each second costs the same to arbitrage: at
    ``arc_length_scale`` times the given speed, or times the one whose first step is the geometric
    one. A drained pool's urgency would have no bounds, and empty it: a scaled shift moves the price
    by half the range at most.
    """

    version: Literal[1, 2] = Field(
        2, description="of the contract: 2 shifts for 30 days at most and stops at the center"
    )
    interpolation: Literal["geometric", "constant_arc_length"] = Field(
        "geometric", description="how virtual balances shift"
    )
    centeredness_scaling: bool = Field(False, description="shift faster by margin / centeredness")
    arc_length_speed: Positive | None = Field(
        None, description="square root of the second token a second; null: calibrated"
    )
    learn_fee: bool = Field(
        False, description="the swap fee is the parameter swap_fee, not fees.fee"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if len(tokens) != 2:
            raise ConfigError(
                where,
                f"reclamm holds exactly two tokens; {len(tokens)} are given ({', '.join(tokens)})",
            )
        if self.arc_length_speed is not None and self.interpolation == "geometric":
            raise ConfigError(
                f"{where}.arc_length_speed", "only interpolation=constant_arc_length has a speed"
            )

    @property
    def keeps(self) -> tuple[str, ...]:
        return ("virtual_balances",)

    @property
    def takes_frictions(self) -> bool:
        return True

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        used = {
            RATIO: True,
            MARGIN: True,
            EXPONENT: self.arc_length_speed is None,
            ARC: self.interpolation != "geometric",
            FEE: self.learn_fee,
        }
        return (*super().parameters(assets), *(spec for spec, wanted in used.items() if wanted))

    @property
    def cannot_compete(self) -> str | None:
        if self.interpolation == "geometric":
            return None
        cure = "write interpolation=geometric to compete"
        return f"interpolation={self.interpolation} looks at the market's prices; {cure}"

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        span = _span(params)
        shift = Shift(jax.nn.sigmoid(params[MARGIN.name][0]), _log_base(params))
        own = jax.nn.sigmoid(params[FEE.name][0]) if self.learn_fee else fee
        return Readjusting(self, span / (jnp.sqrt(1 + span) + 1), shift, 60.0, own)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """Minute by minute: where the range is depends on every price before.

        A learned fee is taken here too.
        """
        every = feed.trading.every
        opening, ticks = self.prepare(params, feed, start, rows)
        visits = jax.tree.map(lambda column: column[::every], ticks)
        reserves, fees, _ = checkpointed_scan(
            lambda state, tick: self.step(state, tick, "exact"), opening, visits
        )
        reserves = jnp.repeat(reserves, every, axis=0)[:rows]
        fees = jnp.zeros(rows, fees.dtype).at[::every].set(fees)
        return Path(shares(reserves, ticks.minute.prices), reserves, fees)

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[State, Tick]:
        minute = _minutes(feed, start, rows)
        if self.learn_fee:
            minute = minute._replace(
                fee=jnp.broadcast_to(jax.nn.sigmoid(params[FEE.name]), (rows,))
            )
        prices = minute.prices[0]
        reserves = (
            opening_weights(params) * feed.initial_pool_value / prices
            if feed.initial_reserves is None
            else feed.initial_reserves
        )
        virtual = reclamm.quoting(reserves, prices, _span(params))
        if feed.state is not None:
            virtual = feed.state["virtual_balances"]
        return State(
            reserves, virtual, self._shift(params, reserves, virtual, 60.0 * feed.trading.every)
        ), Tick(minute, _elapsed(feed, minute))

    def step(self, state: State, tick: Tick, solver: str) -> tuple[State, Row]:
        """Providers come or leave, the range shifts, then arbitrage and given trades.

        For two tokens every solver is exact.
        """
        minute, shift = tick.minute, state.shift
        reserves, virtual = minute.grown(state.reserves), minute.grown(state.virtual)
        if minute.growth is not None and self.interpolation == "constant_arc_length":
            # A shift's cost, the square of the speed, grows with the pool.
            shift = shift._replace(rate=shift.rate * jnp.sqrt(minute.growth))
        virtual = self.moved(reserves, virtual, shift, tick.seconds, minute.prices)
        reserves, fees = settle(
            reserves, reclamm.arbitraged(reserves, virtual, minute.prices, minute.fee), minute
        )
        reserves, more, refused = traded(reserves, minute, reclamm.swap_with(virtual, minute.fee))
        return State(reserves, virtual, shift), Row(reserves, fees + more, refused)

    def _shift(
        self,
        params: Params,
        reserves: Float[Array, "2"],
        virtual: Float[Array, "2"],
        seconds: float,
    ) -> Shift:
        """How the pool's range moves; a speed is calibrated where the pool opens,
        for visits that are ``seconds`` apart.
        """
        margin = jax.nn.sigmoid(params[MARGIN.name][0])
        if self.arc_length_speed is None:
            log_base = _log_base(params)
            if self.interpolation == "geometric":
                return Shift(margin, log_base)
            every = jnp.asarray(seconds, margin.dtype)
            speed = reclamm.matching_speed(reserves, virtual, margin, log_base, every, self.version)
        else:
            speed = jnp.asarray(self.arc_length_speed, margin.dtype)
        return Shift(margin, _FASTEST * jax.nn.sigmoid(params[ARC.name][0]) * speed)

    def moved(
        self,
        reserves: Pair,
        virtual: Pair,
        shift: Shift,
        seconds: Scalar,
        prices: Pair | None = None,
    ) -> Pair:
        """The virtual balances once so many seconds have passed.

        Only a constant arc length asks for the market's prices.
        """
        center, _ = reclamm.centeredness(reserves, virtual)
        urgency = (
            shift.margin / jnp.maximum(center, _URGENT)
            if self.centeredness_scaling
            else jnp.ones_like(center)
        )
        longest = reclamm.LONGEST_SHIFT if self.version > 1 else jnp.inf
        if self.interpolation == "geometric":
            over = reclamm.geometric(
                reserves, virtual, shift.rate, jnp.minimum(seconds * urgency, longest)
            )
        else:
            assert prices is not None
            over = reclamm.arc_length(
                reserves, virtual, prices, shift.rate * urgency, jnp.minimum(seconds, longest)
            )
        if self.centeredness_scaling:
            over = jnp.maximum(over, reclamm.halfway(reserves, virtual))
        moves = (center < shift.margin) & (seconds > 0)
        return jnp.where(moves, reclamm.shifted(reserves, virtual, over, self.version), virtual)


def _span(params: Params) -> Scalar:
    """The root of the price ratio less one."""
    excess = (_WIDEST - 1) * jax.nn.sigmoid(params[RATIO.name][0])
    return excess / (jnp.sqrt(1 + excess) + 1)


def _log_base(params: Params) -> Scalar:
    """The logarithm of the factor a second."""
    exponent = _FASTEST * jax.nn.sigmoid(params[EXPONENT.name][0])
    return jnp.log1p(-exponent / reclamm.SHIFT_DIVISOR)


def _minutes(feed: Feed, start: Int[Array, ""], rows: int) -> Minute:
    """The columns of a window, with or without frictions."""
    if feed.frictions is not None:
        return minutes(feed, start, rows)
    prices = window(feed.prices, start, rows)
    return Minute(prices, jnp.zeros_like(prices[:, 0]))


def _elapsed(feed: Feed, minute: Minute) -> Float[Array, " t"]:
    """Seconds since the pool was last used, at every minute in which it is: by the arbitrageur,
    by traders, by providers.
    """
    index = jnp.arange(len(minute.prices))
    used = index % feed.trading.every == 0 if minute.visited is None else minute.visited
    if minute.trades is not None:
        used = used | (minute.trades.pay >= 0).any(-1)
    if minute.growth is not None:
        used = used | (minute.growth != 1)
    last = jax.lax.cummax(jnp.where(used, index, 0))
    before = jnp.concatenate([jnp.zeros_like(last[:1]), last[:-1]])
    return jnp.where(used, 60 * (index - before), 0).astype(minute.prices.dtype)
