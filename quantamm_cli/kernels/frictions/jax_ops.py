"""The compiled minute loop as a JAX function: under jit, vmap, grad, inside loops and in shard_map.

It does what ``pools.base.AbstractPool.path`` does with ``prepare`` and ``step`` of a geometric mean
pool, on the CPU, in double precision whatever the inputs' precision. It has no forward-mode
derivatives.

It has gradients with respect to blocks, opening reserves, fee, protocol share and noise ratio, be
they numbers or columns. Gas and the arbitrageur's fee only decide whether a trade happens: their
gradients are zero, as in the scan. A gradient with respect to prices, LP supply, stops or trades is
an error.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.kernels.frictions.spec import FIELDS, METHODS, SEGMENT
from quantamm_cli.kernels.jax_ops import align_varying, double, first_row, floats, run
from quantamm_cli.kernels.operands import Blocks, Frictions, Trades, Volumes

_NO_GRADIENT = "the compiled minute loop has no gradient with respect to {}; use the scan"


@jax.tree_util.register_static
@dataclass(frozen=True)
class Plan:
    """What determines the program: ``length`` minutes in blocks of ``chunk``, in which weights move
    for ``period`` minutes.

    ``rows``: the rows to return, ascending; ``None``: all. ``has_flows``: whether there are trades
    or an LP supply, so that no minute is skipped. ``do_arb``: whether an arbitrageur comes at all.
    ``open_for``: the minutes of each block in which the pool trades; ``None``: all. ``begun``:
    whether the first visit is over, so that the opening reserves are those after it.
    """

    length: int
    chunk: int
    period: int
    rows: tuple[int, ...] | None = None
    method: str = "linear"
    every: int = 1
    has_flows: bool = False
    do_arb: bool = True
    open_for: int | None = None
    solver: str = "exact"
    moves: bool = True
    begun: bool = False

    @property
    def requested(self) -> int:
        """The number of rows to return."""
        return self.length if self.rows is None else len(self.rows)

    @property
    def marks(self) -> int:
        """The number of stored states from which the backward loop starts."""
        step = 1 if self.has_flows else self.every
        return -(-len(range(0, self.length, step)) // SEGMENT)


class Market(NamedTuple):
    """Data that lanes share; rows are those of the feed."""

    prices: Float[Array, "t n"]
    start: Int[Array, ""]
    phase: Int[Array, ""]
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


class LoopResult(NamedTuple):
    """At the requested rows: reserves, and the fees earned and the trades refused since the
    requested row before, as the volumes, which have no gradient.
    """

    reserves: Float[Array, "r n"]
    fees: Float[Array, " r"]
    refused: Int[Array, " r"]
    volumes: Volumes


@jax.tree_util.register_static
@dataclass(frozen=True)
class _Wanted:
    """Which gradients of frictions are needed."""

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
    phase: Int[Array, ""] | int | None = None,
) -> LoopResult:
    """Runs a pool that opens with these reserves at row ``start`` of the prices for ``plan.length``
    minutes.

    ``phase``: minutes since the first block began, of a pool that was visited at the first row;
    ``None``: the pool opens with the block.
    """
    plan = replace(plan, begun=phase is not None)
    dtype = prices.dtype
    costs = Costs(*jax.tree.map(lambda values: jnp.atleast_1d(double(values)), frictions[:5]))
    if trades is not None:
        pay, take = trades.pay.astype(jnp.int32), trades.take.astype(jnp.int32)
        trades = Trades(pay, take, double(trades.amount), trades.exact_out)
    supply = jax.tree.map(double, frictions.lp_supply)
    first = first_row(start, plan.length, len(prices))
    begun = jnp.asarray(0 if phase is None else phase, jnp.int32)
    market = Market(double(prices), first, begun, supply, trades)
    inputs = align_varying((market, jax.tree.map(double, blocks), double(opening), costs))
    reserves, fees, refused, volumes = _loop(plan, *inputs)
    volumes = jax.tree.map(lambda column: jax.lax.stop_gradient(column).astype(dtype), volumes)
    return LoopResult(reserves.astype(dtype), fees.astype(dtype), refused, volumes)


def _spec(
    plan: Plan, market: Market, blocks: Blocks, costs: Costs, wanted: _Wanted
) -> tuple[int, ...]:
    """The integers of ``spec.FIELDS``."""
    rows, assets = market.prices.shape
    values = {
        "length": plan.length,
        "chunk": plan.chunk,
        "period": plan.period,
        "every": plan.every,
        "has_flows": plan.has_flows,
        "begun": plan.begun,
        "do_arb": plan.do_arb,
        "moves": plan.moves,
        "requested": plan.requested,
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
        "to_fee": wanted.fee,
        "to_split": wanted.split,
        "to_noise": wanted.noise,
    }
    for name, column in zip(("fee", "gas", "arb", "split", "noise"), costs, strict=True):
        values[f"{name}_step"] = column is not None and len(column) > 1
    return tuple(int(values[name]) for name in FIELDS)


def _operands(
    plan: Plan, market: Market, blocks: Blocks, opening: Array, costs: Costs
) -> tuple[Array, ...]:
    """The loop's operands, in the order of ``entry_points``; absent ones are empty, and absent
    frictions zero.
    """
    trades = market.trades
    if trades is None:
        no_tokens, no_amounts = jnp.zeros((0, 0), jnp.int32), jnp.zeros((0, 0))
        trades = Trades(no_tokens, no_tokens, no_amounts, no_amounts.astype(bool))
    frictions = [jnp.zeros(1) if column is None else column for column in costs]
    stops = jnp.zeros(0) if blocks.stops is None else blocks.stops
    supply = jnp.zeros(0) if market.supply is None else market.supply
    rows = jnp.asarray(np.array(plan.rows or (), np.int32))
    weights = blocks.starts, blocks.slopes, stops
    return (
        rows,
        market.prices,
        market.start,
        market.phase,
        *weights,
        opening,
        *frictions,
        supply,
        *trades,
    )


def _forward(
    plan: Plan, market: Market, blocks: Blocks, opening: Array, costs: Costs
) -> tuple[LoopResult, Array]:
    rows, n = plan.requested, len(opening)
    columns = (*floats((rows, n), (rows,)), ((rows,), jnp.int32), *floats((rows,), (rows,)))
    shapes = (*columns, *floats((plan.marks, n)))
    spec = _spec(plan, market, blocks, costs, _Wanted())
    operands = _operands(plan, market, blocks, opening, costs)
    reserves, fees, refused, arbitrage, trades, marks = run("forward", spec, shapes, *operands)
    return LoopResult(reserves, fees, refused, Volumes(arbitrage, trades)), marks


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _loop(plan: Plan, market: Market, blocks: Blocks, opening: Array, costs: Costs) -> LoopResult:
    return _forward(plan, market, blocks, opening, costs)[0]


def _is_primal(leaf: Any) -> bool:
    return isinstance(leaf, jax.custom_derivatives.CustomVJPPrimal)


def _differentiated(part: Any) -> bool:
    """Whether a gradient with respect to any of its arrays is asked for."""
    return any(leaf.perturbed for leaf in jax.tree.leaves(part, is_leaf=_is_primal))


def _loop_forward(plan: Plan, *primals: Any) -> tuple[LoopResult, Any]:
    for name, part in (primals[0]._asdict() | {"stops": primals[1].stops}).items():
        if _differentiated(part):
            raise NotImplementedError(_NO_GRADIENT.format(name))
    frictions = primals[3]
    wanted = _Wanted(*map(_differentiated, (frictions.fee, frictions.split, frictions.noise)))
    inputs = jax.tree.map(lambda leaf: leaf.value, primals, is_leaf=_is_primal)
    result, marks = _forward(plan, *inputs)
    return result, (wanted, marks, *inputs)


def _materialised(cotangent: Any) -> Array:
    """An array also where JAX passes a symbolic zero."""
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        return jnp.zeros(cotangent.shape, cotangent.dtype)
    array: Array = cotangent
    return array


def _loop_backward(plan: Plan, residuals: Any, ct: LoopResult) -> Any:
    wanted, marks, market, blocks, opening, costs = residuals
    columns = (wanted.fee, costs.fee), (wanted.split, costs.split), (wanted.noise, costs.noise)
    sizes = [(len(column) if needed else 0,) for needed, column in columns]
    shapes = floats(blocks.starts.shape, blocks.slopes.shape, opening.shape, *sizes)
    spec = _spec(plan, market, blocks, costs, wanted)
    operands = _operands(plan, market, blocks, opening, costs)
    cotangents = _materialised(ct.reserves), _materialised(ct.fees)
    starts, slopes, to_opening, *summed = run(
        "backward", spec, shapes, *operands, marks, *cotangents
    )
    fee, split, noise = (column if len(column) else None for column in summed)
    to_costs = Costs(fee, split=split, noise=noise)  # type: ignore[arg-type]
    return None, Blocks(starts, slopes), to_opening, to_costs


_loop.defvjp(_loop_forward, _loop_backward, symbolic_zeros=True)
