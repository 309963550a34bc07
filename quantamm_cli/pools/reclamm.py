"""reCLAMM: two tokens, and a price range that follows the market when a token becomes scarce."""

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
from quantamm_cli.pools.base import AbstractPool, Row, opening_reserves, opening_weights, shares
from quantamm_cli.settings.types import Positive

_MAX_PRICE_RATIO = 1e8
_MAX_SPEED = 1000.0
"""In halvings a day, and in multiples of a speed."""
_MIN_CENTEREDNESS = 1e-10
"""The centeredness below which scaling does not increase the speed further."""

RATIO = Parameter(
    "logit_price_ratio",
    "price_ratio",
    "highest price / lowest",
    Interval(1.0, _MAX_PRICE_RATIO),
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
    Interval(0.0, _MAX_SPEED),
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
    Interval(0.0, _MAX_SPEED),
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
    """How the range shifts: if centeredness is below ``margin``, at ``rate``, which is the
    logarithm of the factor a second or the speed.
    """

    margin: Float[Array, ""]
    rate: Float[Array, ""]


class State(NamedTuple):
    """Real and virtual balances, and how the virtual ones shift."""

    reserves: Float[Array, "2"]
    virtual: Float[Array, "2"]
    shift: Shift


class Tick(NamedTuple):
    """A minute, and the seconds since the pool was last used; zero in a minute without use."""

    minute: Minute
    seconds: Float[Array, "*t"]


@dataclass(frozen=True)
class Readjusting(Quotes):
    """Quotes on real plus virtual balances. Its state is the virtual balances, which are zero
    before the first step.

    ``center``: the fourth root of the price ratio, less one. Reserves of equal value are that many
    times the virtual balances.
    """

    pool: "Reclamm"
    center: Scalar
    shift: Shift
    seconds: Scalar | float
    """The length of a step."""
    fee: Scalar | float

    def virtual(self, state: Pair, reserves: Pair) -> Pair:
        """The virtual balances, before the first step those at the opening."""
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
    """A readjusting concentrated liquidity pool. [Balancer, reCLAMM; see ``core.reclamm``]

    It trades within a range of prices, of which ``price_ratio`` is the highest over the lowest. It
    opens at the market's price, which is the middle of the range if both tokens have the same
    value. The range shifts when the pool is used while its centeredness is below
    ``centeredness_margin``. With ``geometric`` interpolation the virtual balance of the scarce
    token is multiplied by (1 - shift_exponent / 124649) for each second since the last use, and the
    other one grows so that the range keeps its width. With ``constant_arc_length`` every second of
    a shift costs the same in arbitrage. Its speed is ``arc_length_scale`` times
    ``arc_length_speed``; without ``arc_length_speed``, times the speed whose first step equals the
    geometric one. With ``centeredness_scaling`` a shift moves the price by at most half the range;
    more would empty a pool that has almost nothing of one token.
    """

    version: Literal[1, 2] = Field(
        2, description="version of the contract; 2 shifts for at most 30 days, up to the center"
    )
    interpolation: Literal["geometric", "constant_arc_length"] = Field(
        "geometric", description="how virtual balances shift"
    )
    centeredness_scaling: bool = Field(
        False, description="true: a shift is faster by the factor margin / centeredness"
    )
    arc_length_speed: Positive | None = Field(
        None, description="square root of the second token a second; null: calibrated"
    )
    learn_fee: bool = Field(
        False, description="true: the swap fee is the parameter swap_fee, not fees.fee"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if len(tokens) != 2:
            raise ConfigError(
                where,
                f"reclamm needs exactly two tokens, got {len(tokens)} ({', '.join(tokens)})",
            )
        if self.arc_length_speed is not None and self.interpolation == "geometric":
            raise ConfigError(
                f"{where}.arc_length_speed",
                "is set, but interpolation is geometric; write null, or "
                "interpolation=constant_arc_length",
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
        advice = "write interpolation=geometric to compete"
        return f"interpolation={self.interpolation} needs the market's prices; {advice}"

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        span = _span(params)
        shift = Shift(jax.nn.sigmoid(params[MARGIN.name][0]), _log_base(params))
        own = jax.nn.sigmoid(params[FEE.name][0]) if self.learn_fee else fee
        return Readjusting(self, span / (jnp.sqrt(1 + span) + 1), shift, 60.0, own)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """Minute by minute, as the range depends on all earlier prices.

        A learned fee applies here, too.
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
            fee = jnp.broadcast_to(jax.nn.sigmoid(params[FEE.name]), (rows,))
            minute = minute._replace(fee=fee)
        prices = minute.prices[0]
        reserves = opening_reserves(feed, opening_weights(params), prices)
        virtual = reclamm.quoting(reserves, prices, _span(params))
        if feed.state is not None:
            virtual = feed.state["virtual_balances"]
        shift = self._shift(params, reserves, virtual, 60.0 * feed.trading.every)
        return State(reserves, virtual, shift), Tick(minute, _elapsed(feed, minute))

    def step(self, state: State, tick: Tick, solver: str) -> tuple[State, Row]:
        """Liquidity is added or removed, the range shifts, then arbitrage and others' trades.

        For two tokens every solver is exact.
        """
        minute, shift = tick.minute, state.shift
        reserves, virtual = minute.grown(state.reserves), minute.grown(state.virtual)
        if minute.growth is not None and self.interpolation == "constant_arc_length":
            # A shift's cost is the square of the speed, and grows with the pool.
            shift = shift._replace(rate=shift.rate * jnp.sqrt(minute.growth))
        virtual = self.moved(reserves, virtual, shift, tick.seconds, minute.prices)
        after = reclamm.arbitraged(reserves, virtual, minute.prices, minute.fee)
        reserves, fees = settle(reserves, after, minute)
        reserves, more, refused = traded(reserves, minute, reclamm.swap_with(virtual, minute.fee))
        return State(reserves, virtual, shift), Row(reserves, fees + more, refused)

    def _shift(
        self,
        params: Params,
        reserves: Float[Array, "2"],
        virtual: Float[Array, "2"],
        seconds: float,
    ) -> Shift:
        """How the pool's range shifts; a speed is calibrated at the opening, for visits that are
        ``seconds`` apart.
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
        return Shift(margin, _MAX_SPEED * jax.nn.sigmoid(params[ARC.name][0]) * speed)

    def moved(
        self,
        reserves: Pair,
        virtual: Pair,
        shift: Shift,
        seconds: Scalar,
        prices: Pair | None = None,
    ) -> Pair:
        """The virtual balances after ``seconds`` of a shift.

        Only a constant arc length needs the market's prices.
        """
        center, _ = reclamm.centeredness(reserves, virtual)
        urgency = jnp.ones_like(center)
        if self.centeredness_scaling:
            urgency = shift.margin / jnp.maximum(center, _MIN_CENTEREDNESS)
        longest = reclamm.LONGEST_SHIFT if self.version > 1 else jnp.inf
        if self.interpolation == "geometric":
            duration = jnp.minimum(seconds * urgency, longest)
            abundant = reclamm.geometric(reserves, virtual, shift.rate, duration)
        else:
            assert prices is not None
            speed, duration = shift.rate * urgency, jnp.minimum(seconds, longest)
            abundant = reclamm.arc_length(reserves, virtual, prices, speed, duration)
        if self.centeredness_scaling:
            abundant = jnp.maximum(abundant, reclamm.halfway(reserves, virtual))
        shifts = (center < shift.margin) & (seconds > 0)
        moved = reclamm.shifted(reserves, virtual, abundant, self.version)
        return jnp.where(shifts, moved, virtual)


def _span(params: Params) -> Scalar:
    """The square root of the price ratio, less one."""
    excess = (_MAX_PRICE_RATIO - 1) * jax.nn.sigmoid(params[RATIO.name][0])
    return excess / (jnp.sqrt(1 + excess) + 1)


def _log_base(params: Params) -> Scalar:
    """The logarithm of the factor a second of a geometric shift."""
    exponent = _MAX_SPEED * jax.nn.sigmoid(params[EXPONENT.name][0])
    return jnp.log1p(-exponent / reclamm.SHIFT_DIVISOR)


def _minutes(feed: Feed, start: Int[Array, ""], rows: int) -> Minute:
    """The columns of a window, with or without frictions."""
    if feed.frictions is not None:
        return minutes(feed, start, rows)
    prices = window(feed.prices, start, rows)
    return Minute(prices, jnp.zeros_like(prices[:, 0]))


def _elapsed(feed: Feed, minute: Minute) -> Float[Array, " t"]:
    """For every minute the seconds since the pool was last used by the arbitrageur, by traders or
    by liquidity providers; zero if it is not used.
    """
    index = jnp.arange(len(minute.prices))
    used = minute.visited
    if used is None:
        used = index % feed.trading.every == 0
    if minute.trades is not None:
        used = used | (minute.trades.pay >= 0).any(-1)
    if minute.growth is not None:
        used = used | (minute.growth != 1)
    last = jax.lax.cummax(jnp.where(used, index, 0))
    before = jnp.concatenate([jnp.zeros_like(last[:1]), last[:-1]])
    return jnp.where(used, 60 * (index - before), 0).astype(minute.prices.dtype)
