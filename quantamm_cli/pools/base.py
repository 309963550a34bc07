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
from quantamm_cli.core.types import Feed, Layout, Left, Params, Path, Snapshot
from quantamm_cli.kernels.operands import Volumes

Scalar = Float[Array, ""]


class Row(NamedTuple):
    """The result of a minute: the reserves after it, the fees that liquidity providers earned, and
    how many trades of ``trades=…`` were refused; and the volumes. ``memory``: the state besides
    reserves that a run which takes the pool up needs.
    """

    reserves: Float[Array, " n"]
    fees: Float[Array, ""]
    refused: Int[Array, ""]
    volumes: Volumes = Volumes()
    memory: dict[str, Float[Array, "*n"]] = {}  # noqa: RUF012 - never written to


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

    @property
    def moves_to_series(self) -> bool:
        """Whether the last chunk of a run depends on the series at the beginning of the next."""
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
        every = 1 if feed.has_flows else feed.trading.every
        visits = np.arange(0, rows, every)
        opening, ticks = self.prepare(params, feed, start, rows)
        results = self.stepped(feed, opening, ticks, visits, rows, feed.trading.solver)
        reserves = results.reserves
        weights = self.reported(ticks, reserves, window(feed.prices, start, rows))
        refused = None if feed.trades is None else results.refused
        volumes, memory = results.volumes, results.memory
        return Path(weights, reserves, results.fees, refused, memory=memory, volumes=volumes)

    def stepped(
        self,
        feed: Feed,
        opening: Any,
        ticks: Any,
        visits: NDArray[np.int64],
        rows: int,
        solver: str,
    ) -> Row:
        """The result of every row, from one ``step`` for each visit.

        A pool that is taken up was visited at row 0 already.
        """
        coming = visits if feed.left is None else visits[1:]
        visited = ticks
        if len(coming) < rows:
            visited = jax.tree.map(lambda column: column[coming], ticks)
        at = jax.tree.map(lambda column: column[0], ticks)
        if len(coming):
            results: Row = checkpointed_scan(
                lambda state, tick: self.step(state, tick, solver), opening, visited
            )
        else:
            shapes = jax.eval_shape(lambda: self.step(opening, at, solver)[1])
            results = jax.tree.map(lambda shape: jnp.zeros((0, *shape.shape), shape.dtype), shapes)
        if feed.left is not None:
            results = jax.tree.map(_after, self.left_row(feed.left, results), results)
        reserves, memory = jax.tree.map(
            lambda column: held(column, visits, rows), (results.reserves, results.memory)
        )
        fees, refused, volumes = results.fees, results.refused, results.volumes
        if len(visits) < rows:
            fees, volumes = jax.tree.map(
                lambda column: jnp.zeros(rows, column.dtype).at[visits].set(column), (fees, volumes)
            )
        return Row(reserves, fees, refused, volumes, memory)

    def left_row(self, left: Left, results: Row) -> Row:
        """Row 0 of a pool that is taken up."""
        memory = {name: left.memory[name] for name in results.memory}
        none = jnp.zeros(())
        return Row(left.reserves, none, jnp.zeros((), jnp.int32), Volumes(none, none), memory)

    @property
    def goes_on(self) -> bool:
        """Whether another run can take the pool up where one left it.

        A pool that computes its opening by itself, not by ``opening_reserves``, cannot.
        """
        return False

    def anchor(self, feed: Feed, rows: int) -> Int[Array, ""] | int:
        """The last row of a path of so many rows at which another run can take the pool up: that
        of the arbitrageur's last visit.
        """
        return (rows - 1) // feed.trading.every * feed.trading.every

    def left(
        self, params: Params, feed: Feed, start: Int[Array, ""], path: Path, row: Int[Array, ""]
    ) -> Left:
        """The pool at a row of its path."""
        del params, start
        memory = {name: column[row] for name, column in path.memory.items()}
        return Left(path.reserves[row], memory=memory)

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
        opening = feed.opening
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
    if feed.opening is not None:
        return feed.opening
    return weights * feed.initial_pool_value / prices


def held(
    column: Float[Array, "k *n"], visits: NDArray[np.int64], rows: int
) -> Float[Array, "rows *n"]:
    """The value of each visit, repeated until the next one. The first visit is at row 0."""
    if len(visits) == rows:
        return column
    return column[np.searchsorted(visits, np.arange(rows), side="right") - 1]


def _after(first: Array, rest: Array) -> Array:
    """A column that begins with ``first``."""
    return jnp.concatenate([jnp.asarray(first, rest.dtype)[None], rest])


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
