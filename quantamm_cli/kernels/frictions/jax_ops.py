"""The compiled minute loop as a JAX function: under jit, vmap, grad, inside loops and in shard_map.

It does what ``pools.base.AbstractPool.path`` does with ``prepare`` and ``step`` of a geometric mean
pool, on the CPU, in double precision whatever the inputs' precision. Forward-mode derivatives do
not exist.

Gradients are of blocks, opening reserves, fee, protocol share and noise ratio, numbers or columns.
Gas and the arbitrageur's fee decide only whether a trade happens: theirs are zero, as in the scan.
To ask for one of prices, LP supply, stops or trades is an error.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.kernels.frictions.spec import FIELDS, METHODS, SEGMENT
from quantamm_cli.kernels.jax_ops import alike, double, first_row, floats, run
from quantamm_cli.kernels.operands import Blocks, Frictions, Trades

_NO_GRADIENT = "the compiled minute loop has no gradient with respect to {}; use the scan"


@jax.tree_util.register_static
@dataclass(frozen=True)
class Plan:
    """What shapes a program: ``length`` minutes in blocks of ``chunk``,
    of which weights move for ``period``.

    ``stirred``: whether minutes bring more than prices, so that none is skipped. ``open_for``: the
    minutes of each block in which the pool trades. ``rows``: those asked for, ascending; ``None``:
    all.
    """

    length: int
    chunk: int
    period: int
    rows: tuple[int, ...] | None = None
    method: str = "linear"
    every: int = 1
    stirred: bool = False
    happens: bool = True
    open_for: int | None = None
    solver: str = "exact"
    moves: bool = True

    @property
    def asked(self) -> int:
        """How many rows are asked for."""
        return self.length if self.rows is None else len(self.rows)

    @property
    def marks(self) -> int:
        """How many states the backward loop begins from."""
        return -(-len(range(0, self.length, 1 if self.stirred else self.every)) // SEGMENT)


class Market(NamedTuple):
    """What lanes share: absolute rows of the feed."""

    prices: Float[Array, "t n"]
    start: Int[Array, ""]
    supply: Float[Array, " t"] | None = None
    trades: Trades | None = None


class Costs(NamedTuple):
    """Frictions, each a number ``(1,)`` or a column of the feed ``(t,)``;
    ``None`` where there is none.
    """

    fee: Float[Array, " _"]
    gas: Float[Array, " _"] | None = None
    arb_fee: Float[Array, " _"] | None = None
    split: Float[Array, " _"] | None = None
    noise: Float[Array, " _"] | None = None


class Left(NamedTuple):
    """At the rows asked for: reserves, and the fees earned and trades refused since
    the row asked for before.
    """

    reserves: Float[Array, "r n"]
    fees: Float[Array, " r"]
    refused: Int[Array, " r"]


@jax.tree_util.register_static
@dataclass(frozen=True)
class _Needed:
    """Which gradients of frictions anyone asks for."""

    fee: bool = False
    split: bool = False
    noise: bool = False


def minute_loop(
    plan: Plan,
    prices: Float[Array, "t n"],
    start: Int[Array, ""],
    blocks: Blocks,
    opening: Float[Array, " n"],
    frictions: Frictions,
    trades: Trades | None = None,
) -> Left:
    """The pool that opens with these reserves at row ``start`` of the prices,
    and is visited for ``plan.length`` minutes.
    """
    dtype = prices.dtype

    def column(values: Array | None) -> Array | None:
        return None if values is None else jnp.atleast_1d(double(values))

    costs = Costs(*(column(value) for value in frictions[:5]))  # type: ignore[arg-type]
    if trades is not None:
        trades = Trades(
            trades.pay.astype(jnp.int32),
            trades.take.astype(jnp.int32),
            double(trades.amount),
            trades.exact_out,
        )
    supply = None if frictions.lp_supply is None else double(frictions.lp_supply)
    market = Market(double(prices), first_row(start, plan.length, len(prices)), supply, trades)
    given = alike((market, jax.tree.map(double, blocks), double(opening), costs))
    reserves, fees, refused = _loop(plan, *given)
    return Left(reserves.astype(dtype), fees.astype(dtype), refused)


def _told(
    plan: Plan, market: Market, blocks: Blocks, costs: Costs, needed: _Needed
) -> tuple[int, ...]:
    """The loop's integers."""
    rows, assets = market.prices.shape

    def step(column: Array | None) -> int:
        return int(column is not None and len(column) > 1)

    values = {
        **{
            name: getattr(plan, name)
            for name in (
                "length",
                "chunk",
                "period",
                "every",
                "stirred",
                "happens",
                "moves",
                "asked",
            )
        },
        "method": METHODS.index(plan.method),
        "open_for": plan.chunk if plan.open_for is None else plan.open_for,
        "pairs": plan.solver == "pairwise",
        "tested": costs.gas is not None or costs.arb_fee is not None,
        "noisy": costs.noise is not None,
        "assets": assets,
        "blocks": len(blocks.starts),
        "named": plan.rows is not None,
        "stops": blocks.stops is not None,
        "growing": market.supply is not None,
        "trades": 0 if market.trades is None else market.trades.pay.shape[-1],
        "rows": rows,
        **{
            f"{name}_step": step(column)
            for name, column in zip(("fee", "gas", "arb", "split", "noise"), costs, strict=True)
        },
        **{f"to_{name}": getattr(needed, name) for name in ("fee", "split", "noise")},
    }
    return tuple(int(values[name]) for name in FIELDS)


def _operands(
    plan: Plan, market: Market, blocks: Blocks, opening: Array, costs: Costs
) -> tuple[Array, ...]:
    """What the loop reads, in the order of ``entry_points``; what is
    not there is empty, or zero.
    """
    no_trades, none = jnp.zeros((0, 0), jnp.int32), jnp.zeros(0)
    trades = market.trades or Trades(
        no_trades, no_trades, jnp.zeros((0, 0)), jnp.zeros((0, 0), bool)
    )
    filled = [jnp.zeros(1) if column is None else column for column in costs]
    stops, supply = (none if column is None else column for column in (blocks.stops, market.supply))
    named = jnp.asarray(np.array(plan.rows or (), np.int32))
    return (
        named,
        market.prices,
        market.start,
        blocks.starts,
        blocks.slopes,
        stops,
        opening,
        *filled,
        supply,
        *trades,
    )


def _forward(
    plan: Plan, market: Market, blocks: Blocks, opening: Array, costs: Costs
) -> tuple[Left, Array]:
    rows, n = plan.asked, len(opening)
    shapes = (*floats((rows, n), (rows,)), ((rows,), jnp.int32), *floats((plan.marks, n)))
    told, operands = (
        _told(plan, market, blocks, costs, _Needed()),
        _operands(plan, market, blocks, opening, costs),
    )
    reserves, fees, refused, marks = run("forward", told, shapes, *operands)
    return Left(reserves, fees, refused), marks


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _loop(plan: Plan, market: Market, blocks: Blocks, opening: Array, costs: Costs) -> Left:
    return _forward(plan, market, blocks, opening, costs)[0]


def _loop_forward(plan: Plan, *given: Any) -> tuple[Left, Any]:
    primal = jax.custom_derivatives.CustomVJPPrimal
    market, blocks, opening, costs = jax.tree.map(
        lambda leaf: leaf.value, given, is_leaf=lambda leaf: isinstance(leaf, primal)
    )

    def moves(part: Any) -> bool:
        return any(
            leaf.perturbed
            for leaf in jax.tree.leaves(part, is_leaf=lambda leaf: isinstance(leaf, primal))
        )

    for name, part in (given[0]._asdict() | {"stops": given[1].stops}).items():
        if moves(part):
            raise NotImplementedError(_NO_GRADIENT.format(name))
    left, marks = _forward(plan, market, blocks, opening, costs)
    needed = _Needed(*(moves(column) for column in (given[3].fee, given[3].split, given[3].noise)))
    return left, (needed, marks, market, blocks, opening, costs)


def _loop_backward(plan: Plan, kept: Any, due: Left) -> Any:
    needed, marks, market, blocks, opening, costs = kept
    zero = jax.custom_derivatives.SymbolicZero
    reserves, fees = (
        jnp.zeros(part.shape, part.dtype) if isinstance(part, zero) else part
        for part in (due.reserves, due.fees)
    )
    columns = zip(
        (needed.fee, needed.split, needed.noise), (costs.fee, costs.split, costs.noise), strict=True
    )
    sizes = [(len(column) if wanted else 0,) for wanted, column in columns]
    shapes = floats(blocks.starts.shape, blocks.slopes.shape, opening.shape, *sizes)
    told, operands = (
        _told(plan, market, blocks, costs, needed),
        _operands(plan, market, blocks, opening, costs),
    )
    starts, slopes, to_opening, *to_costs = run(
        "backward", told, shapes, *operands, marks, reserves, fees
    )
    fee, split, noise = (found if len(found) else None for found in to_costs)
    return None, Blocks(starts, slopes, None), to_opening, Costs(fee, None, None, split, noise)  # type: ignore[arg-type]


_loop.defvjp(_loop_forward, _loop_backward, symbolic_zeros=True)
