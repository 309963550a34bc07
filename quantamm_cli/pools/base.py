"""What a pool is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.bijectors import Simplex
from quantamm_cli.core.contracts import WEIGHTS
from quantamm_cli.core.loop import checkpointed_scan
from quantamm_cli.core.minute import window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.core.types import Feed, Layout, Params, Path, Snapshot

Scalar = Float[Array, ""]


class Row(NamedTuple):
    """What a minute leaves: reserves, the fees it earned the providers,
    and how many given trades were refused.
    """

    reserves: Float[Array, " n"]
    fees: Float[Array, ""]
    refused: Int[Array, ""]


class AbstractPool(TracedComponent, ABC, group="pool"):
    """Settings of a pool; hashable and free of numbers that train, which come as ``params``.

    A pool gives the frictionless path, all minutes at once, and may give ``prepare`` and ``step``,
    what happens minute by minute when trading costs something. A component class is also a JAX
    pytree: see ``core.tree``.
    """

    @property
    def chunk(self) -> int | None:
        """Minutes between the prices its rule sees; ``None`` if it has no rule."""
        return None

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Names of the series it needs besides prices."""
        return ()

    def quoted_in(self, tokens: tuple[str, ...]) -> int:
        """Position of the token that the pool's own price is in."""
        return len(tokens) - 1

    @property
    def keeps(self) -> tuple[str, ...]:
        """Names of what it remembers besides reserves and its rule's estimators,
        and can be given to open with.
        """
        return ()

    @property
    def takes_frictions(self) -> bool:
        """Whether the pool says what fees do to it."""
        return False

    def layout(self, tokens: tuple[str, ...]) -> Layout:
        """Where the pools inside it find their tokens."""
        del tokens
        return Layout()

    @property
    def takes_trades(self) -> bool:
        """Whether the pool says what given trades do to it."""
        return self.takes_frictions

    @property
    def charges(self) -> bool:
        """Whether it has a fee of its own, so that it is never frictionless."""
        return False

    @property
    def cannot_compete(self) -> str | None:
        """One line on what keeps it from competing by its ``quotes``; ``None``: nothing does."""
        if type(self).quotes is not AbstractPool.quotes:
            return None
        cure = "give its class one (README, Adding things)"
        return f"pool={self.kind} cannot compete, as it has no quotes(params, fee); {cure}"

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        """Its quotes as a pool of two tokens; ``fee`` is the share it keeps of what is paid in.

        A pool that has a fee of its own takes that instead.
        """
        raise NotImplementedError(f"{self.kind} gives no quotes")

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """The pool's parameters, declared; initial weights are uniform unless given."""
        return (
            Parameter(
                "initial_weights_logits",
                "initial_weights",
                "share of value",
                Simplex(),
                1 / assets,
                low=0.0,
                high=1.0,
                trainable=False,
                onchain=WEIGHTS,
            ),
        )

    def readouts(self, params: Params, feed: Feed) -> dict[str, Float[Array, "c n"]]:
        """The state of its estimators at every chunk, by name; none unless it has some."""
        del params, feed
        return {}

    def path(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path over minutes [start, start + rows): whatever the feed
        says of frictions and trades.
        """
        trading = feed.trading
        if not trading.do_arb and not feed.has_flows:
            return self.untouched(params, feed, start, rows)
        if feed.frictions is None or not self.takes_frictions:
            return self.frictionless(params, feed, start, rows)
        return self.with_frictions(params, feed, start, rows)

    def with_frictions(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path when trading costs something, or others trade: ``step`` after ``step``."""
        trading = feed.trading
        visits = np.arange(0, rows, 1 if feed.has_flows else trading.every)
        opening, ticks = self.prepare(params, feed, start, rows)
        visited = (
            jax.tree.map(lambda column: column[visits], ticks) if len(visits) < rows else ticks
        )
        left = checkpointed_scan(
            lambda state, tick: self.step(state, tick, trading.solver), opening, visited
        )
        reserves = held(left.reserves, visits, rows)
        fees = (
            left.fees
            if len(visits) == rows
            else jnp.zeros(rows, left.fees.dtype).at[visits].set(left.fees)
        )
        weights = self.reported(ticks, reserves, window(feed.prices, start, rows))
        return Path(weights, reserves, fees, None if feed.trades is None else left.refused)

    def check_parameters(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Raise ConfigError if these readable parameters, ``(sets, …)``
        each, make no sense together.
        """

    @abstractmethod
    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path over minutes [start, start + rows) when trading is free."""

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """The pool at some rows of its path of ``length`` minutes.

        Pools with a short cut take it.
        """
        path, prices = self.path(params, feed, start, length), feed.prices[start + rows]
        reserves = path.reserves[rows]
        return Snapshot(
            prices,
            reserves,
            (reserves * prices).sum(-1) if path.value is None else path.value[rows],
        )

    def untouched(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path when nobody trades: what the pool opened with."""
        held = (
            self.frictionless(params, feed, start, 1).reserves[0]
            if feed.initial_reserves is None
            else feed.initial_reserves
        )
        prices = window(feed.prices, start, rows)
        reserves = jnp.broadcast_to(held, prices.shape)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[Any, Any]:
        """Opening state, and everything that can be computed for every minute at once."""
        raise NotImplementedError(f"{self.kind} has no path with frictions")

    def step(self, state: Any, tick: Any, solver: str) -> tuple[Any, Row]:
        """One minute: the new state and what the minute leaves. What a chain would do."""
        raise NotImplementedError(f"{self.kind} has no path with frictions")

    def reported(
        self, ticks: Any, reserves: Float[Array, "rows n"], prices: Float[Array, "rows n"]
    ) -> Float[Array, "rows n"]:
        """The weights that are told of a path with frictions: shares of value,
        unless a pool has weights of its own.
        """
        del ticks
        return shares(reserves, prices)


def opening_weights(params: Params) -> Float[Array, " n"]:
    """The weights a pool starts with. They do not train."""
    return jax.nn.softmax(jax.lax.stop_gradient(params["initial_weights_logits"]))


def held(
    column: Float[Array, "k *n"], visits: NDArray[np.int64], rows: int
) -> Float[Array, "rows *n"]:
    """What was left at each visit, until the next. The first visit is at row 0."""
    return (
        column
        if len(visits) == rows
        else column[np.searchsorted(visits, np.arange(rows), side="right") - 1]
    )


def shares(
    reserves: Float[Array, "rows n"], prices: Float[Array, "rows n"]
) -> Float[Array, "rows n"]:
    """Shares of value."""
    worth = reserves * prices
    return worth / worth.sum(-1, keepdims=True)
