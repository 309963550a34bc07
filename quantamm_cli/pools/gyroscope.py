"""Gyroscope: liquidity on an ellipse, within a range of prices (E-CLP)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core import eclp
from quantamm_cli.core.arbitrage import settle
from quantamm_cli.core.bijectors import Bijector, Interval, Numbers, Readable, array_namespace
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.minute import Minute, minutes, window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import PAIR, Quotes, paid_first
from quantamm_cli.core.trading import Swap, traded
from quantamm_cli.core.types import Feed, Params, Path, Snapshot
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool, Row, held, shares
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import Positive, Token

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]
_LEAST = -700.0
"""The raw value that stands for the floor itself."""


@dataclass(frozen=True)
class AtLeast(Bijector):
    """readable = floor + e^raw."""

    floor: float

    @property
    def domain(self) -> str:
        """The half-open interval, in words."""
        return f"{self.floor:g} or more"

    def readable(self, raw: Numbers) -> Numbers:
        with np.errstate(over="ignore"):  # a set that runs away is told by its infinities
            return self.floor + np.where(raw <= _LEAST, 0.0, np.exp(raw))

    def raw(self, readable: Readable) -> Readable:
        space = array_namespace(readable)
        with np.errstate(invalid="ignore", divide="ignore"):
            raw: Readable = space.where(
                readable == self.floor, _LEAST, space.log(readable - self.floor)
            )
        return raw


@dataclass(frozen=True)
class Below(Interval):
    """Part of the opening price. Who gives a price instead is told how."""

    @property
    def domain(self) -> str:
        """The interval, and the other way to say it."""
        return (
            f"{super().domain}, a part of the opening price; for prices as they are set "
            "pool.reference_price=1"
        )


class Place(NamedTuple):
    """The curve, and where the run's tokens are on it.

    ``unit`` is one on the curve in amounts of the token that is priced and of the numeraire;
    ``turned``, whether the run names the numeraire first.
    """

    curve: eclp.Curve
    unit: Pair
    turned: Bool[Array, ""]

    def price(self, prices: Float[Array, "*t 2"]) -> Float[Array, "*t"]:
        """The market's price of the first token on the curve."""
        own = turn(prices, self.turned)
        return own[..., 0] / own[..., 1] / self.unit[1]

    def on(self, amounts: Float[Array, "*t 2"]) -> Float[Array, "*t 2"]:
        """Amounts of the run's tokens as the curve has them."""
        return turn(amounts, self.turned) / self.unit

    def off(self, amounts: Float[Array, "*t 2"]) -> Float[Array, "*t 2"]:
        """And back."""
        return turn(amounts * self.unit, self.turned)

    def given(self, reserves: Pair, pay: Int[Array, ""], counted: Scalar) -> Scalar:
        """What comes out for ``counted`` of token ``pay``, net of fees."""
        own = jnp.where(self.turned, 1 - pay, pay)
        coin, other = paid_first(self.unit, own)
        return eclp.out_given_in(self.curve, self.on(reserves), own, counted / coin) * other

    def needed(self, reserves: Pair, pay: Int[Array, ""], taken: Scalar) -> Scalar:
        """What of token ``pay`` must come in, fees apart, for ``taken`` of the other."""
        own = jnp.where(self.turned, 1 - pay, pay)
        coin, other = paid_first(self.unit, own)
        return eclp.in_given_out(self.curve, self.on(reserves), own, taken / other) * coin


def turn(pairs: Float[Array, "*t 2"], over: Bool[Array, ""]) -> Float[Array, "*t 2"]:
    """The other one first, if they are to be turned over."""
    return jnp.where(over, pairs[..., ::-1], pairs)


@dataclass(frozen=True)
class Elliptic(Quotes):
    """Quotes on a curve; without a ``reference`` it remembers the price at which it opened.

    That is zero before its first step.
    """

    curve: eclp.Curve
    reference: Scalar | float | None
    turned: Bool[Array, ""]
    fee: Scalar | float

    def place(self, state: Scalar | None, reserves: Pair) -> Place:
        """Where the tokens are on the curve."""
        reference = self.stepped(state, reserves)
        known = self.reference if reference is None else reference
        return Place(self.curve, jnp.stack([jnp.ones(()), jnp.asarray(known)]), self.turned)

    def opened(self) -> Scalar | None:
        return jnp.zeros(()) if self.reference is None else None

    def stepped(
        self, state: Scalar | None, reserves: Pair, step: Int[Array, ""] | None = None
    ) -> Scalar | None:
        own = turn(reserves, self.turned)
        return None if state is None else jnp.where(state > 0, state, own[1] / own[0])

    def out_given_in(
        self, state: Scalar | None, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        return self.place(state, reserves).given(reserves, pay, amount * (1 - self.fee))

    def price(self, state: Scalar | None, reserves: Pair) -> Scalar:
        place = self.place(state, reserves)
        own = eclp.quote(place.curve, place.on(reserves)) * place.unit[1]
        return jnp.where(self.turned, 1 / own, own)


class State(NamedTuple):
    """Reserves, and what stays."""

    reserves: Pair
    place: Place


class Tick(NamedTuple):
    """A minute, and the band around its price."""

    minute: Minute
    band: eclp.Band


class Gyroscope(AbstractPool, kind="gyroscope"):
    r"""An elliptic concentrated liquidity pool of two tokens. [Gyroscope, E-CLP mathematics, 2023]

    Between its price bounds ``alpha`` and ``beta`` it quotes every price, with most liquidity at
    the tangent of ``rotation_angle``, the more of it there the larger ``lam``; beyond them it holds
    one token. It opens at the market's price. The price is that of the other token in the
    numeraire, over ``reference_price``; of opening prices the range covers its own.
    """

    numeraire: Token | None = Field(
        None, description="token the pool's price is in; null: the last"
    )
    reference_price: Positive | None = Field(
        None, description="price that counts as one for the parameters; null: at opening, 1: none"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if len(tokens) != 2:
            raise ConfigError(
                "tokens",
                f"{len(tokens)} tokens ({', '.join(tokens)}) for {where}=gyroscope, "
                "which holds two; name two",
            )
        if self.numeraire is not None and self.numeraire not in tokens:
            near = did_you_mean(self.numeraire, tokens)
            raise ConfigError(
                f"{where}.numeraire",
                f"'{self.numeraire}' is none of the run's tokens{near}; one of "
                f"{', '.join(tokens)}, or null",
            )

    @property
    def takes_frictions(self) -> bool:
        return True

    def quoted_in(self, tokens: tuple[str, ...]) -> int:
        return super().quoted_in(tokens) if self.numeraire is None else tokens.index(self.numeraire)

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """Four numbers a pool.

        Bounds relative to the opening price lie on both sides of it, others anywhere.
        """
        low: Bijector = Below(0, 1) if self.reference_price is None else AtLeast(0)
        high = AtLeast(1 if self.reference_price is None else 0)
        unit = (
            "price over the opening price"
            if self.reference_price is None
            else "price over reference_price"
        )
        angle, stretch = Interval(0, np.pi / 2), AtLeast(1)
        return (
            Parameter(
                "raw_alpha",
                "alpha",
                unit,
                low,
                default=0.5,
                low=0.1,
                high=0.95,
                count=1,
                onchain=OnChain("alpha"),
            ),
            Parameter(
                "raw_beta",
                "beta",
                unit,
                high,
                default=2.0,
                low=1.05,
                high=10.0,
                log=True,
                count=1,
                onchain=OnChain("beta"),
            ),
            Parameter(
                "raw_rotation_angle",
                "rotation_angle",
                "radians",
                angle,
                default=np.pi / 4,
                low=0.5,
                high=1.1,
                count=1,
                onchain=OnChain("rotation_angle"),
            ),
            Parameter(
                "raw_lam",
                "lam",
                "stretch",
                stretch,
                default=2.0,
                low=1.1,
                high=1000.0,
                log=True,
                count=1,
                onchain=OnChain("lam"),
            ),
        )

    def check_parameters(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        low, high = values["alpha"], values["beta"]
        if (low >= high).any():
            raise ConfigError(
                "params.alpha",
                f"{low.max():g} is not below params.beta ({high.min():g}): the lowest "
                "price and the highest",
            )

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        turned = jnp.asarray(self.numeraire == PAIR[0])
        return Elliptic(self._curve(params, float), self.reference_price, turned, fee)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The market's price and the invariant, which no free trade changes,
        give the reserves: no minute needs another.
        """
        prices, visits = window(feed.prices, start, rows), np.arange(0, rows, feed.trading.every)
        reserves = held(self._following(params, feed, prices[0], prices[visits]), visits, rows)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """Of a frictionless path, only those rows."""
        if feed.frictions is not None or not feed.trading.do_arb:
            return super().sampled(params, feed, start, length, rows)
        every, prices = feed.trading.every, feed.prices[start + rows]
        reserves = self._following(
            params, feed, feed.prices[start], feed.prices[start + rows // every * every]
        )
        return Snapshot(prices, reserves, (reserves * prices).sum(-1))

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[State, Tick]:
        columns = minutes(feed, start, rows)
        place = self._place(params, feed, columns.prices[0])
        band = eclp.band(place.curve, place.price(columns.prices), columns.fee)
        return State(_opening(place, feed, columns.prices[0]), place), Tick(columns, band)

    def step(self, state: State, tick: Tick, solver: str) -> tuple[State, Row]:
        """Arbitrage to the edge of the band around the market's price, then given trades."""
        place, minute = state.place, tick.minute
        before = minute.grown(state.reserves)
        change = eclp.best_trade(place.curve, place.on(before), tick.band, minute.fee)
        reserves, fees = settle(before, before + place.off(change), minute)
        reserves, more, refused = traded(reserves, minute, swap(place, minute.fee))
        return State(reserves, place), Row(reserves, fees + more, refused)

    def _following(
        self, params: Params, feed: Feed, opening: Pair, prices: Float[Array, "k 2"]
    ) -> Float[Array, "k 2"]:
        """Reserves at prices of a pool that opened at others."""
        place = self._place(params, feed, opening)
        size = eclp.invariant(place.curve, place.on(_opening(place, feed, opening)))
        return place.off(size * eclp.reserves_at(place.curve, place.price(prices)))

    def _place(self, params: Params, feed: Feed, prices: Pair) -> Place:
        """The curve of a pool that opens at these prices."""
        turned = jnp.asarray(False) if feed.numeraire is None else feed.numeraire == 0
        one = jnp.ones((), prices.dtype)
        if self.reference_price is None:
            own = turn(prices, turned)
            reference = own[0] / own[1]
        else:
            reference = self.reference_price * one
        curve = self._curve(params, prices.dtype)
        return Place(curve, jnp.stack([one, reference]), turned)

    def _curve(self, params: Params, dtype: np.dtype[Any] | type[float]) -> eclp.Curve:
        """The curve on which the reference price is one."""
        raw = {
            name: params[f"raw_{name}"][0].astype(dtype)
            for name in ("alpha", "beta", "rotation_angle", "lam")
        }
        if self.reference_price is None:
            alpha, beta = jax.nn.sigmoid(raw["alpha"]), 1 + jnp.exp(raw["beta"])
        else:
            alpha, beta = jnp.exp(raw["alpha"]), jnp.exp(raw["beta"])
            beta = jnp.where(alpha < beta, beta, jnp.nan)  # bounds the wrong way round hold no pool
        angles = jax.nn.sigmoid(jnp.stack([raw["rotation_angle"], -raw["rotation_angle"]])) * (
            jnp.pi / 2
        )
        peak = jnp.sin(angles[0]) / jnp.sin(angles[1])
        return eclp.curve(alpha, beta, 1 + jnp.exp(raw["lam"]), peak)


def _opening(place: Place, feed: Feed, prices: Pair) -> Pair:
    """Given reserves, or those at the market's price that are worth the initial value."""
    one: Pair = place.off(eclp.reserves_at(place.curve, place.price(prices)))
    opening: Pair = one * (feed.initial_pool_value / (one * prices).sum())
    return opening if feed.initial_reserves is None else feed.initial_reserves


def swap(place: Place, fee: Scalar) -> Swap:
    """The swaps of given trades; the fee is taken from what comes in."""

    def one(
        reserves: Pair,
        pay: Int[Array, ""],
        take: Int[Array, ""],
        amount: Scalar,
        exact_out: Bool[Array, ""],
    ) -> tuple[Scalar, Scalar]:
        del take  # the other one
        taken = place.given(reserves, pay, jnp.where(exact_out, 0, amount) * (1 - fee))
        paid = place.needed(reserves, pay, jnp.where(exact_out, amount, 0)) / (1 - fee)
        return jnp.where(exact_out, paid, amount), jnp.where(exact_out, amount, taken)

    return one
