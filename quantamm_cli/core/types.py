"""The data types of a simulation.

Shapes: ``t`` minutes, ``c`` chunks, ``n`` assets, ``s`` parameter sets, ``w`` windows. Times are in
minutes, values in the numeraire, rates are fractions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.closed_form import Prefix
from quantamm_cli.kernels.operands import Frictions, Trades
from quantamm_cli.settings.types import Executor

Params = dict[str, Array]
"""Raw parameters of one set by name: ``(n,)`` arrays, or ``(1,)`` where one number serves every
asset.
"""
ParamValues = Mapping[
    str,
    float | Array | NDArray[Any] | Sequence[float | Sequence[float] | Sequence[Sequence[float]]],
]
"""Parameters by name as settings and stored runs have them: numbers, lists of numbers, arrays."""


@jax.tree_util.register_static
@dataclass(frozen=True)
class Trading:
    """The arbitrageur: the solver, the minutes between visits, whether there is one at all; and
    which executor computes the minutes.
    """

    solver: str = "exact"
    every: int = 1
    do_arb: bool = True
    executor: Executor = "auto"

    def on(self, executor: Executor) -> "Trading":
        """The same with another executor."""
        return replace(self, executor=executor)


@jax.tree_util.register_static
@dataclass(frozen=True)
class Layout:
    """The columns of the assets of each pool inside a pool."""

    parts: tuple[tuple[int, ...], ...] = ()


class Feed(NamedTuple):
    """Market data as one program takes it. Only shapes are static: other dates or prices never
    recompile.

    ``chunks`` are prices from the burn-in on, after ``first_chunk`` rows of padding with the first
    price, so that the shape does not depend on how much burn-in exists. Chunk
    ``first_chunk + ⌊(burn_in + r) / chunk_period⌋`` is the last whose price is known at row ``r``.
    ``prefix`` serves the frictionless path only. ``series`` are inputs of a rule besides prices, as
    known at the chunks. ``initial_reserves`` and ``state`` (of the rule's estimators at row 0, its
    chunk included) replace computed values; ``trades`` are external trades. ``numeraire`` is the
    position of the token that a pool's own price is in; ``None``: the last.
    """

    prices: Float[Array, "t n"]
    chunks: Float[Array, "c n"]
    first_chunk: Int[Array, ""]
    burn_in: Int[Array, ""]
    initial_pool_value: Float[Array, ""]
    frictions: Frictions | None
    prefix: Prefix | None
    trading: Trading
    series: dict[str, Float[Array, "c _"]] = {}  # noqa: RUF012 - never written to
    trades: Trades | None = None
    initial_reserves: Float[Array, " n"] | None = None
    state: dict[str, Float[Array, " n"]] | None = None
    layout: Layout = Layout()
    numeraire: Int[Array, ""] | None = None

    @property
    def always_balanced(self) -> bool:
        """Whether a pool is in equilibrium at every minute, so that ``prefix`` determines its
        value.
        """
        return (
            self.prefix is not None
            and self.trading.do_arb
            and self.trading.every == 1
            and not self.has_flows
        )

    @property
    def has_flows(self) -> bool:
        """Whether there are trades or an LP supply, so that no minute may be skipped."""
        return self.trades is not None or (
            self.frictions is not None and self.frictions.lp_supply is not None
        )


class Path(NamedTuple):
    """A pool over a window, minute by minute: weights, reserves, fees earned by its providers,
    external trades refused.

    ``value``: its value, from a pool that computes it before its reserves.
    """

    weights: Float[Array, "t n"]
    reserves: Float[Array, "t n"]
    fees: Float[Array, " t"]
    refused: Int[Array, " t"] | None = None
    value: Float[Array, " t"] | None = None


DAY = 1440


class Snapshot(NamedTuple):
    """A pool at one row, or at several."""

    prices: Float[Array, "*r n"]
    reserves: Float[Array, "*r n"]
    value: Float[Array, "*r"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Daily:
    """A window of ``minutes`` rows without its minutes: its ends, and values and prices every 1440
    rows.
    """

    first: Snapshot
    last: Snapshot
    days: Float[Array, " d"]
    day_prices: Float[Array, "d n"]
    minutes: int = field(metadata={"static": True})


class Trajectory(NamedTuple):
    """A path with prices and values, minute by minute. It has all attributes of ``Daily``."""

    prices: Float[Array, "t n"]
    weights: Float[Array, "t n"]
    reserves: Float[Array, "t n"]
    value: Float[Array, " t"]
    fees: Float[Array, " t"]
    refused: Int[Array, " t"] | None = None

    def rows(self, first: int, last: int) -> "Trajectory":
        """The part of rows [first, last)."""
        return Trajectory(*jax.tree.map(lambda column: column[first:last], tuple(self)))

    def at(self, row: int) -> Snapshot:
        """The pool at one row."""
        return Snapshot(self.prices[row], self.reserves[row], self.value[row])

    @property
    def first(self) -> Snapshot:
        """The pool at the first row."""
        return self.at(0)

    @property
    def last(self) -> Snapshot:
        """The pool at the last row."""
        return self.at(-1)

    @property
    def days(self) -> Float[Array, " d"]:
        """Values every 1440 rows from the first; an incomplete last day is dropped."""
        return self.value[::DAY]

    @property
    def day_prices(self) -> Float[Array, "d n"]:
        """Prices at the same rows."""
        return self.prices[::DAY]

    @property
    def minutes(self) -> int:
        """The number of rows."""
        return len(self.value)
