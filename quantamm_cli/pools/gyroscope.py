"""Gyroscope: an elliptic concentrated liquidity pool (E-CLP)."""

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
from quantamm_cli.core.types import Feed, Left, Params, Path, Snapshot
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Volumes
from quantamm_cli.pools.base import AbstractPool, Row, held, shares
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import Positive, Token

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]
_RAW_FLOOR = -700.0
"""The raw value that represents the floor itself."""


@dataclass(frozen=True)
class AtLeast(Bijector):
    """readable = floor + e^raw."""

    floor: float

    @property
    def domain(self) -> str:
        """The half-open interval, as text."""
        return f"{self.floor:g} or more"

    def readable(self, raw: Numbers) -> Numbers:
        with np.errstate(over="ignore"):  # a set that diverges has infinite values
            return self.floor + np.where(raw <= _RAW_FLOOR, 0.0, np.exp(raw))

    def raw(self, readable: Readable) -> Readable:
        space = array_namespace(readable)
        with np.errstate(invalid="ignore", divide="ignore"):
            raw: Readable = space.where(
                readable == self.floor, _RAW_FLOOR, space.log(readable - self.floor)
            )
        return raw


@dataclass(frozen=True)
class FractionOfOpening(Interval):
    """A fraction of the opening price; the message for other values names the alternative."""

    @property
    def domain(self) -> str:
        """The interval, and how to set a price instead, as text."""
        return (
            f"{super().domain}, a fraction of the opening price; to set the price itself, write "
            "pool.reference_price=1"
        )


class TokenCurve(NamedTuple):
    """An ellipse in amounts of the run's tokens.

    ``unit``: the amounts of the priced token and of the numeraire that are one on the ellipse.
    ``flipped``: whether the numeraire is the run's first token.
    """

    ellipse: eclp.Curve
    unit: Pair
    flipped: Bool[Array, ""]

    def price(self, prices: Float[Array, "*t 2"]) -> Float[Array, "*t"]:
        """The market's price of the ellipse's first token."""
        own = flip(prices, self.flipped)
        return own[..., 0] / own[..., 1] / self.unit[1]

    def to_ellipse(self, amounts: Float[Array, "*t 2"]) -> Float[Array, "*t 2"]:
        """Amounts of the run's tokens as coordinates of the ellipse."""
        return flip(amounts, self.flipped) / self.unit

    def from_ellipse(self, amounts: Float[Array, "*t 2"]) -> Float[Array, "*t 2"]:
        """Coordinates of the ellipse as amounts of the run's tokens."""
        return flip(amounts * self.unit, self.flipped)

    def out_given_in(self, reserves: Pair, pay: Int[Array, ""], counted: Scalar) -> Scalar:
        """The amount that comes out for ``counted`` of token ``pay``, net of fees."""
        own = jnp.where(self.flipped, 1 - pay, pay)
        coin, other = paid_first(self.unit, own)
        return (
            eclp.out_given_in(self.ellipse, self.to_ellipse(reserves), own, counted / coin) * other
        )

    def in_given_out(self, reserves: Pair, pay: Int[Array, ""], taken: Scalar) -> Scalar:
        """The amount of token ``pay``, without fees, that must come in
        for ``taken`` of the other.
        """
        own = jnp.where(self.flipped, 1 - pay, pay)
        coin, other = paid_first(self.unit, own)
        return eclp.in_given_out(self.ellipse, self.to_ellipse(reserves), own, taken / other) * coin


def flip(pairs: Float[Array, "*t 2"], flipped: Bool[Array, ""]) -> Float[Array, "*t 2"]:
    """The pairs, in reverse order if ``flipped``."""
    return jnp.where(flipped, pairs[..., ::-1], pairs)


@dataclass(frozen=True)
class Elliptic(Quotes):
    """Quotes on an ellipse. Without a ``reference`` its state is the price at which it opened,
    which is zero before the first step.
    """

    ellipse: eclp.Curve
    reference: Scalar | float | None
    flipped: Bool[Array, ""]
    fee: Scalar | float

    def curve(self, state: Scalar | None, reserves: Pair) -> TokenCurve:
        """The curve in amounts of the tokens."""
        reference = self.stepped(state, reserves)
        if reference is None:
            reference = jnp.asarray(self.reference)
        unit = jnp.stack([jnp.ones(()), jnp.asarray(reference)])
        return TokenCurve(self.ellipse, unit, self.flipped)

    def opened(self) -> Scalar | None:
        return jnp.zeros(()) if self.reference is None else None

    def stepped(
        self, state: Scalar | None, reserves: Pair, step: Int[Array, ""] | None = None
    ) -> Scalar | None:
        if state is None:
            return None
        own = flip(reserves, self.flipped)
        return jnp.where(state > 0, state, own[1] / own[0])

    def out_given_in(
        self, state: Scalar | None, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        return self.curve(state, reserves).out_given_in(reserves, pay, amount * (1 - self.fee))

    def price(self, state: Scalar | None, reserves: Pair) -> Scalar:
        curve = self.curve(state, reserves)
        own = eclp.quote(curve.ellipse, curve.to_ellipse(reserves)) * curve.unit[1]
        return jnp.where(self.flipped, 1 / own, own)


_REFERENCE = "reference_price"
"""The opening price, where that is the divisor of prices in parameters."""


class State(NamedTuple):
    """Reserves and the constant curve."""

    reserves: Pair
    curve: TokenCurve


class Tick(NamedTuple):
    """A minute and the no-arbitrage band around its price."""

    minute: Minute
    band: eclp.Band


class Gyroscope(AbstractPool, kind="gyroscope"):
    """An elliptic concentrated liquidity pool of two tokens. [Gyroscope, E-CLP mathematics, 2023]

    It trades at prices between ``alpha`` and ``beta``, with most liquidity at the price
    tan(rotation_angle), which is more concentrated the larger ``lam`` is; outside that range it
    holds one token. It opens at the market's price. Prices are those of the other token in the
    numeraire, divided by ``reference_price``; relative to the opening price, alpha is below 1 and
    beta above.
    """

    numeraire: Token | None = Field(
        None, description="token in which the price is stated; null: the last"
    )
    reference_price: Positive | None = Field(
        None, description="divisor of the prices in parameters; null: the opening price"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if len(tokens) != 2:
            raise ConfigError(
                "tokens",
                f"are {len(tokens)} ({', '.join(tokens)}); {where}=gyroscope needs exactly two",
            )
        if self.numeraire is not None and self.numeraire not in tokens:
            near = did_you_mean(self.numeraire, tokens)
            raise ConfigError(
                f"{where}.numeraire",
                f"'{self.numeraire}' is not a token of the run{near}; expected one of "
                f"{', '.join(tokens)}, or null",
            )

    @property
    def takes_frictions(self) -> bool:
        return True

    @property
    def goes_on(self) -> bool:
        return True

    def quoted_in(self, tokens: tuple[str, ...]) -> int:
        return super().quoted_in(tokens) if self.numeraire is None else tokens.index(self.numeraire)

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """Four numbers a pool.

        Bounds relative to the opening price lie on both sides of it, others anywhere.
        """
        low: Bijector
        if self.reference_price is None:
            low, high, unit = FractionOfOpening(0, 1), AtLeast(1), "price over the opening price"
        else:
            low, high, unit = AtLeast(0), AtLeast(0), "price over reference_price"
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
                f"is {low.max():g}; expected less than params.beta ({high.min():g}), as they are "
                "the lowest and the highest price",
            )

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        flipped = jnp.asarray(self.numeraire == PAIR[0])
        return Elliptic(self._ellipse(params, float), self.reference_price, flipped, fee)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The reserves of a minute follow from its price and the invariant, which trades without
        fees do not change; so all minutes are computed at once.
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
        """Without frictions, only those rows are computed."""
        if feed.frictions is not None or not feed.trading.do_arb:
            return super().sampled(params, feed, start, length, rows)
        every, prices = feed.trading.every, feed.prices[start + rows]
        visited = feed.prices[start + rows // every * every]
        reserves = self._following(params, feed, feed.prices[start], visited)
        return Snapshot(prices, reserves, (reserves * prices).sum(-1))

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[State, Tick]:
        columns = minutes(feed, start, rows)
        curve = self._token_curve(params, feed, columns.prices[0])
        band = eclp.band(curve.ellipse, curve.price(columns.prices), columns.fee)
        return State(_opening(curve, feed, columns.prices[0]), curve), Tick(columns, band)

    def step(self, state: State, tick: Tick, solver: str) -> tuple[State, Row]:
        """Arbitrage to the edge of the band around the market's price,
        then the trades of others.
        """
        curve, minute = state.curve, tick.minute
        before = minute.grown(state.reserves)
        change = eclp.best_trade(curve.ellipse, curve.to_ellipse(before), tick.band, minute.fee)
        reserves, fees, volume = settle(before, before + curve.from_ellipse(change), minute)
        reserves, more, refused, other = traded(reserves, minute, swap(curve, minute.fee))
        volumes = Volumes(volume, other)
        return State(reserves, curve), Row(reserves, fees + more, refused, volumes)

    def left(
        self, params: Params, feed: Feed, start: Int[Array, ""], path: Path, row: Int[Array, ""]
    ) -> Left:
        left = super().left(params, feed, start, path, row)
        if self.reference_price is not None:
            return left
        curve = self._token_curve(params, feed, feed.prices[start])
        return left._replace(memory={_REFERENCE: curve.unit[1]})

    def _following(
        self, params: Params, feed: Feed, opening: Pair, prices: Float[Array, "k 2"]
    ) -> Float[Array, "k 2"]:
        """Reserves at ``prices`` of a pool that opened at the prices ``opening``."""
        curve = self._token_curve(params, feed, opening)
        size = eclp.invariant(curve.ellipse, curve.to_ellipse(_opening(curve, feed, opening)))
        return curve.from_ellipse(size * eclp.reserves_at(curve.ellipse, curve.price(prices)))

    def _token_curve(self, params: Params, feed: Feed, prices: Pair) -> TokenCurve:
        """The curve of a pool that opens at these prices."""
        flipped = jnp.asarray(False) if feed.numeraire is None else feed.numeraire == 0
        one = jnp.ones((), prices.dtype)
        if self.reference_price is None:
            own = flip(prices, flipped)
            reference = own[0] / own[1]
            if feed.left is not None:
                reference = feed.left.memory[_REFERENCE]
        else:
            reference = self.reference_price * one
        ellipse = self._ellipse(params, prices.dtype)
        return TokenCurve(ellipse, jnp.stack([one, reference]), flipped)

    def _ellipse(self, params: Params, dtype: np.dtype[Any] | type[float]) -> eclp.Curve:
        """The ellipse on which the reference price is one."""
        names = ("alpha", "beta", "rotation_angle", "lam")
        raw = {name: params[f"raw_{name}"][0].astype(dtype) for name in names}
        if self.reference_price is None:
            alpha, beta = jax.nn.sigmoid(raw["alpha"]), 1 + jnp.exp(raw["beta"])
        else:
            alpha, beta = jnp.exp(raw["alpha"]), jnp.exp(raw["beta"])
            beta = jnp.where(alpha < beta, beta, jnp.nan)  # there is no pool if alpha >= beta
        angle = jnp.stack([raw["rotation_angle"], -raw["rotation_angle"]])
        angles = jax.nn.sigmoid(angle) * (jnp.pi / 2)
        peak = jnp.sin(angles[0]) / jnp.sin(angles[1])
        return eclp.curve(alpha, beta, 1 + jnp.exp(raw["lam"]), peak)


def _opening(curve: TokenCurve, feed: Feed, prices: Pair) -> Pair:
    """The feed's reserves, or those of the initial value at the market's price."""
    one: Pair = curve.from_ellipse(eclp.reserves_at(curve.ellipse, curve.price(prices)))
    opening: Pair = one * (feed.initial_pool_value / (one * prices).sum())
    return opening if feed.opening is None else feed.opening


def swap(curve: TokenCurve, fee: Scalar) -> Swap:
    """The swaps of others' trades; the fee is taken from what is paid in."""

    def one(
        reserves: Pair,
        pay: Int[Array, ""],
        take: Int[Array, ""],
        amount: Scalar,
        exact_out: Bool[Array, ""],
    ) -> tuple[Scalar, Scalar]:
        del take  # the token that is not paid
        taken = curve.out_given_in(reserves, pay, jnp.where(exact_out, 0, amount) * (1 - fee))
        paid = curve.in_given_out(reserves, pay, jnp.where(exact_out, amount, 0)) / (1 - fee)
        return jnp.where(exact_out, paid, amount), jnp.where(exact_out, amount, taken)

    return one
