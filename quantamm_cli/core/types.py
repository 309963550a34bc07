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


class Basis(NamedTuple):
    """What scores are measured in, one number a minute. ``supply``: the shares of the pool;
    ``None``: scores are of all of the pool. ``cash``: ln of the value of a riskless account;
    ``None``: it earns nothing.
    """

    supply: Float[Array, " t"] | None = None
    cash: Float[Array, " t"] | None = None


class Feed(NamedTuple):
    """Market data as one program takes it. Only shapes are static: other dates or prices never
    recompile.
    """

    prices: Float[Array, "t n"]
    chunks: Float[Array, "c n"]
    """Prices that the rule reads, one a chunk. The burn-in comes first, padded at its beginning
    with copies of the first price: so the shape is the same for every length of burn-in.
    """
    first_chunk: Int[Array, ""]
    """The number of padded rows. At row r of the run the newest known chunk is
    ``first_chunk + ⌊(burn_in + r) / chunk_period⌋``.
    """
    burn_in: Int[Array, ""]
    """Minutes before row 0."""
    initial_pool_value: Float[Array, ""]
    frictions: Frictions | None
    prefix: Prefix | None
    """Prefix sums of log prices, for pools without frictions."""
    trading: Trading
    series: dict[str, Float[Array, "c _"]] = {}  # noqa: RUF012 - never written to
    """Inputs of the rule besides prices, with the values known at each chunk."""
    trades: Trades | None = None
    """External trades, from a file or a model."""
    initial_reserves: Float[Array, " n"] | None = None
    """Reserves at row 0; ``None``: they follow from the initial weights and value."""
    state: dict[str, Float[Array, " n"]] | None = None
    """Values of the rule's estimators after the chunk of row 0; ``None``: they are computed."""
    layout: Layout = Layout()
    numeraire: Int[Array, ""] | None = None
    """The position of the token in which a pool states its price; ``None``: the last."""
    basis: Basis = Basis()
    """What scores are measured in."""

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
    rows; of one share where the scores are. ``day_cash``: ln of a riskless account's value.
    """

    first: Snapshot
    last: Snapshot
    days: Float[Array, " d"]
    day_prices: Float[Array, "d n"]
    minutes: int = field(metadata={"static": True})
    day_cash: Float[Array, " d"] | None = None


class Trajectory(NamedTuple):
    """A path with prices and values, minute by minute. It has all attributes of ``Daily``.

    ``supply``, ``cash``: what scores are measured in, as in ``Basis``.
    """

    prices: Float[Array, "t n"]
    weights: Float[Array, "t n"]
    reserves: Float[Array, "t n"]
    value: Float[Array, " t"]
    fees: Float[Array, " t"]
    refused: Int[Array, " t"] | None = None
    supply: Float[Array, " t"] | None = None
    cash: Float[Array, " t"] | None = None

    def rows(self, first: int, last: int) -> "Trajectory":
        """The part of rows [first, last)."""
        return Trajectory(*jax.tree.map(lambda column: column[first:last], tuple(self)))

    def per_share(self) -> "Trajectory":
        """As scores are measured: reserves, value and fees of as many shares as there were at the
        first row.
        """
        if self.supply is None:
            return self
        growth = self.supply / self.supply[0]
        return self._replace(
            reserves=self.reserves / growth[:, None],
            value=self.value / growth,
            fees=self.fees / growth,
            supply=None,
        )

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
    def day_cash(self) -> Float[Array, " d"] | None:
        """The riskless account at the same rows."""
        return None if self.cash is None else self.cash[::DAY]

    @property
    def minutes(self) -> int:
        """The number of rows."""
        return len(self.value)
