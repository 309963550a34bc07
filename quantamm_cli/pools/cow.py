"""CoW AMM: trades are in batches, for which arbitrageurs compete."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from pydantic import Field

from quantamm_cli.core.arbitrage import settle
from quantamm_cli.core.fm_amm import arbitraged, in_given_out, out_given_in
from quantamm_cli.core.loop import checkpointed_scan
from quantamm_cli.core.minute import Minute, minutes, window
from quantamm_cli.core.prefix import cumulative
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.core.swap import weighted_price
from quantamm_cli.core.trading import Swap, traded
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Volumes
from quantamm_cli.pools.base import (
    AbstractPool,
    Row,
    held,
    opening_reserves,
    opening_weights,
    shares,
)
from quantamm_cli.settings.types import Share

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]
State = tuple[Pair, Pair]


@dataclass(frozen=True)
class Batches(Quotes):
    """Quotes of a CoW pool: every order is a batch; the fee is taken from what is paid in."""

    weights: Pair
    fee: Scalar | float

    def out_given_in(
        self, state: object, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        return out_given_in(reserves, self.weights, pay, amount * (1 - self.fee))

    def price(self, state: object, reserves: Pair) -> Scalar:
        return weighted_price(reserves, self.weights)


class Cow(AbstractPool, kind="cow"):
    """A function-maximising pool of two tokens with constant weights.

    With perfect competition and no fee it is a portfolio rebalanced every minute at the market's
    prices. With costs, competing arbitrageurs trade to the price at which they break even; see
    ``core.fm_amm``. [Canidio & Fritsch, arXiv:2307.02074]
    """

    arb_quality: Share = Field(
        1.0,
        description="share of arbitrage under perfect competition; the rest is a monopolist's",
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if len(tokens) != 2:
            raise ConfigError(
                "tokens",
                f"are {len(tokens)} ({', '.join(tokens)}); {where}=cow needs exactly two",
            )

    @property
    def takes_frictions(self) -> bool:
        return True

    @property
    def goes_on(self) -> bool:
        return True

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        return Batches(opening_weights(params), fee)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """Rebalanced at every visit: by one cumulative sum under perfect competition, otherwise
        visit by visit.
        """
        prices, visits = window(feed.prices, start, rows), np.arange(0, rows, feed.trading.every)
        weights = opening_weights(params).astype(prices.dtype)
        opening = opening_reserves(feed, weights, prices[0])
        # The setting's value selects one of two programs: the common value 1 needs no loop.
        visited = self._visited if feed.left is None else self._visited_later
        path = jax.lax.cond(
            self.arb_quality == 1, rebalanced, visited, opening, weights, prices[visits]
        )
        reserves = held(path, visits, rows)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[State, Minute]:
        ticks = minutes(feed, start, rows)
        weights = opening_weights(params).astype(ticks.prices.dtype)
        return (opening_reserves(feed, weights, ticks.prices[0]), weights), ticks

    def step(self, state: State, tick: Minute, solver: str) -> tuple[State, Row]:
        """Arbitrage, then the trades of others."""
        before, weights = tick.grown(state[0]), state[1]
        after = arbitraged(before, weights, tick, self.arb_quality)
        # ``arbitraged`` has checked that the trade covers its costs. Competitors earn exactly zero,
        # so a second check in ``settle`` would fail by rounding: it gets no costs.
        costless = tick._replace(gas_cost=None, arb_fee=None)
        reserves, fees, volume = settle(before, after, costless)
        reserves, more, refused, other = traded(reserves, tick, swap(weights, tick.fee))
        volumes = Volumes(volume, other)
        return (reserves, weights), Row(reserves, fees + more, refused, volumes)

    def _visited(
        self, opening: Pair, weights: Pair, prices: Float[Array, "k 2"]
    ) -> Float[Array, "k 2"]:
        """Reserves after each visit of arbitrageurs without costs."""

        def visit(before: Pair, price: Pair) -> tuple[Pair, Pair]:
            after = arbitraged(
                before, weights, Minute(price, jnp.zeros((), price.dtype)), self.arb_quality
            )
            return after, after

        path: Float[Array, "k 2"] = checkpointed_scan(visit, opening, prices)
        return path

    def _visited_later(
        self, opening: Pair, weights: Pair, prices: Float[Array, "k 2"]
    ) -> Float[Array, "k 2"]:
        """The same of a pool that was visited at the first prices already."""
        if len(prices) == 1:
            return opening[None]
        return jnp.concatenate([opening[None], self._visited(opening, weights, prices[1:])])


def rebalanced(opening: Pair, weights: Pair, prices: Float[Array, "k 2"]) -> Float[Array, "k 2"]:
    """Reserves of a portfolio rebalanced at every row: V' = V sum_i w_i p'_i / p_i."""
    gain = jnp.log1p((weights * (prices[1:] / prices[:-1] - 1)).sum(-1))
    growth = jnp.exp(jnp.concatenate([jnp.zeros(1, gain.dtype), cumulative(gain)]))
    return weights * ((opening * prices[0]).sum() * growth)[:, None] / prices


def swap(weights: Pair, fee: Scalar) -> Swap:
    """The swaps of others' trades, each a batch; the fee is taken from what is paid in."""

    def one(
        reserves: Pair,
        pay: Int[Array, ""],
        take: Int[Array, ""],
        amount: Scalar,
        exact_out: Bool[Array, ""],
    ) -> tuple[Scalar, Scalar]:
        del take  # the token that is not paid
        taken = out_given_in(reserves, weights, pay, jnp.where(exact_out, 0, amount) * (1 - fee))
        paid = in_given_out(reserves, weights, pay, jnp.where(exact_out, amount, 0)) / (1 - fee)
        return jnp.where(exact_out, paid, amount), jnp.where(exact_out, amount, taken)

    return one
