"""The interface of a pool."""

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
    """The result of a minute: the reserves after it, the fees that liquidity providers earned, and
    how many trades of ``trades=…`` were refused.
    """

    reserves: Float[Array, " n"]
    fees: Float[Array, ""]
    refused: Int[Array, ""]


class AbstractPool(TracedComponent, ABC, group="pool"):
    """Settings of a pool; hashable. Trainable numbers are not settings but arguments, ``params``.

    A pool has a frictionless path, computed for all minutes at once. With ``prepare`` and ``step``
    it also has a path with frictions, computed minute by minute. A component class is also a JAX
    pytree: see ``core.tree``.
    """

    @property
    def chunk(self) -> int | None:
        """Minutes between the prices that the pool's rule reads; ``None`` if it has no rule."""
        return None

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Names of the series that the pool needs besides prices."""
        return ()

    def quoted_in(self, tokens: tuple[str, ...]) -> int:
        """Index of the token in which the pool states its price."""
        return len(tokens) - 1

    @property
    def keeps(self) -> tuple[str, ...]:
        """Names of the pool's state besides reserves and its rule's estimators; a run may set them
        at its start.
        """
        return ()

    @property
    def takes_frictions(self) -> bool:
        """Whether the pool has a path with frictions."""
        return False

    def layout(self, tokens: tuple[str, ...]) -> Layout:
        """The token indices of the pools inside the pool."""
        del tokens
        return Layout()

    @property
    def takes_trades(self) -> bool:
        """Whether the pool can execute the trades of ``trades=…``."""
        return self.takes_frictions

    @property
    def charges(self) -> bool:
        """Whether the pool sets its own fee, so that it is never frictionless."""
        return False

    @property
    def cannot_compete(self) -> str | None:
        """One line on why the pool cannot compete by its ``quotes``; ``None`` if it can."""
        if type(self).quotes is not AbstractPool.quotes:
            return None
        return (
            f"pool={self.kind} cannot compete, as it has no quotes(params, fee); add that method "
            "to its class (qsim help adding-pool)"
        )

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        """The pool's quotes for two tokens; ``fee`` is its share of what is paid in.

        A pool with its own fee ignores ``fee``.
        """
        raise NotImplementedError(f"{self.kind} has no quotes")

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """Declarations of the pool's parameters; initial weights are uniform by default."""
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
        """The state of the pool's estimators at every chunk, by name."""
        del params, feed
        return {}

    def path(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path over the minutes [start, start + rows), with the feed's frictions and trades."""
        trading = feed.trading
        if not trading.do_arb and not feed.has_flows:
            return self.untouched(params, feed, start, rows)
        if feed.frictions is None or not self.takes_frictions:
            return self.frictionless(params, feed, start, rows)
        return self.with_frictions(params, feed, start, rows)

    def with_frictions(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path with frictions or trades of others, by one ``step`` after the other."""
        trading = feed.trading
        every = 1 if feed.has_flows else trading.every
        visits = np.arange(0, rows, every)
        opening, ticks = self.prepare(params, feed, start, rows)
        visited = ticks
        if len(visits) < rows:
            visited = jax.tree.map(lambda column: column[visits], ticks)
        results = checkpointed_scan(
            lambda state, tick: self.step(state, tick, trading.solver), opening, visited
        )
        reserves = held(results.reserves, visits, rows)
        fees = results.fees
        if len(visits) < rows:
            fees = jnp.zeros(rows, fees.dtype).at[visits].set(fees)
        weights = self.reported(ticks, reserves, window(feed.prices, start, rows))
        return Path(weights, reserves, fees, None if feed.trades is None else results.refused)

    def check_parameters(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Raise ConfigError if these readable parameters, ``(sets, …)`` each, contradict each
        other.
        """

    @abstractmethod
    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path over the minutes [start, start + rows) without frictions."""

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """The pool at some rows of its path of ``length`` minutes.

        A pool may compute them without the whole path.
        """
        path, prices = self.path(params, feed, start, length), feed.prices[start + rows]
        reserves = path.reserves[rows]
        if path.value is not None:
            return Snapshot(prices, reserves, path.value[rows])
        return Snapshot(prices, reserves, (reserves * prices).sum(-1))

    def untouched(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path when nobody trades: the reserves at the start stay."""
        opening = feed.initial_reserves
        if opening is None:
            opening = self.frictionless(params, feed, start, 1).reserves[0]
        prices = window(feed.prices, start, rows)
        reserves = jnp.broadcast_to(opening, prices.shape)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[Any, Any]:
        """The state at the start, and all that can be computed for every minute at once."""
        raise NotImplementedError(f"{self.kind} has no path with frictions")

    def step(self, state: Any, tick: Any, solver: str) -> tuple[Any, Row]:
        """One minute, as on a chain: the new state and the minute's result."""
        raise NotImplementedError(f"{self.kind} has no path with frictions")

    def reported(
        self, ticks: Any, reserves: Float[Array, "rows n"], prices: Float[Array, "rows n"]
    ) -> Float[Array, "rows n"]:
        """The weights that a path with frictions reports: shares of value by default."""
        del ticks
        return shares(reserves, prices)


def opening_weights(params: Params) -> Float[Array, " n"]:
    """The weights a pool starts with. They do not train."""
    return jax.nn.softmax(jax.lax.stop_gradient(params["initial_weights_logits"]))


def opening_reserves(
    feed: Feed, weights: Float[Array, " n"], prices: Float[Array, " n"]
) -> Float[Array, " n"]:
    """Reserves before the first minute: those of the feed, or else the initial value in shares
    ``weights`` at these prices.
    """
    if feed.initial_reserves is not None:
        return feed.initial_reserves
    return weights * feed.initial_pool_value / prices


def held(
    column: Float[Array, "k *n"], visits: NDArray[np.int64], rows: int
) -> Float[Array, "rows *n"]:
    """The value of each visit, repeated until the next one. The first visit is at row 0."""
    if len(visits) == rows:
        return column
    return column[np.searchsorted(visits, np.arange(rows), side="right") - 1]


def without_prefix(prefix: str, params: Params) -> Params:
    """The parameters whose names begin with ``prefix``, by the rest of the name."""
    return {
        name.removeprefix(prefix): value
        for name, value in params.items()
        if name.startswith(prefix)
    }


def shares(
    reserves: Float[Array, "rows n"], prices: Float[Array, "rows n"]
) -> Float[Array, "rows n"]:
    """Shares of value."""
    values = reserves * prices
    return values / values.sum(-1, keepdims=True)
