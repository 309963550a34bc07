"""Pools whose blocks of weights are given, small markets, and both ways to run them:
the scan, and the compiled loop.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.core.loop import checkpointed_scan
from quantamm_cli.core.types import Feed, Trading
from quantamm_cli.kernels.frictions.jax_ops import LoopResult, Plan, minute_loop
from quantamm_cli.kernels.operands import Blocks, Frictions, Trades
from quantamm_cli.pools.base import held
from quantamm_cli.pools.chunked_weights import ChunkedPool

START, CHUNK, PERIOD, ROWS, ALL = 37, 90, 60, 700, 800


class Moving(ChunkedPool):
    """Blocks as its parameters say."""

    still: bool = False
    rests: bool = False

    @property
    def moves(self) -> bool:
        return not self.still

    @property
    def open_for(self) -> int | None:
        return self.weight_interpolation_period if self.rests else None

    def weight_blocks(self, params: Any, feed: Feed, start: Array, blocks: int) -> Blocks:
        return Blocks(params["starts"], params["slopes"], params.get("stops"))


@dataclass(frozen=True)
class Case:
    """What is run; ``frictions`` are numbers, or columns where ``columns`` names them."""

    assets: int = 3
    still: bool = False
    every: int = 1
    do_arb: bool = True
    solver: str = "exact"
    rests: bool = False
    method: str = "linear"
    stops: bool = False
    supply: bool = False
    trades: int = 0
    fee: float = 0.003
    gas_cost: float | None = None
    arb_fee: float | None = None
    protocol_fee_split: float | None = None
    noise_trader_ratio: float | None = None
    columns: tuple[str, ...] = ()
    seed: int = 0

    @property
    def random(self) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.assets, self.seed]))

    @property
    def pool(self) -> Moving:
        chunk, period = (ROWS, ROWS) if self.still else (CHUNK, PERIOD)
        how = {"weight_interpolation_method": self.method, "still": self.still, "rests": self.rests}
        return Moving(chunk_period=chunk, weight_interpolation_period=period, **how)

    @property
    def inputs(self) -> dict[str, Any]:
        """What gradients are of: blocks, opening reserves, and the frictions that are smooth."""
        random, n = self.random, self.assets
        blocks = 1 if self.still else -(-ROWS // CHUNK)
        weights = random.dirichlet(np.full(n, 30.0), blocks + 1)
        slopes = np.zeros((1, n)) if self.still else np.diff(weights, axis=0) / PERIOD
        opening = 1e6 * weights[0] / self.prices[START] * np.exp(1e-3 * random.standard_normal(n))
        smooth = {name: jnp.asarray(value) for name, value in self.costs.items() if name in SMOOTH}
        return {
            "starts": jnp.asarray(weights[:blocks]),
            "slopes": jnp.asarray(slopes),
            "opening": jnp.asarray(opening),
            **smooth,
        }

    @property
    def prices(self) -> Any:
        random = np.random.Generator(np.random.PCG64([self.assets, self.seed, 1]))
        steps = 8e-4 * random.standard_normal((ALL, self.assets))
        return np.exp(np.cumsum(steps, axis=0) + np.linspace(9, 0, self.assets))

    @property
    def costs(self) -> dict[str, Any]:
        random = np.random.Generator(np.random.PCG64([self.assets, self.seed, 2]))
        told = {name: getattr(self, name) for name in Frictions._fields[:5]}
        vary = {
            name: value * np.repeat(random.uniform(0.5, 1.5, ALL // 50), 50)
            for name, value in told.items()
            if name in self.columns
        }
        return {name: value for name, value in (told | vary).items() if value is not None}

    @property
    def given(self) -> Trades | None:
        """Up to so many trades a minute: some places empty, some trades too large,
        half of them of a given outcome.
        """
        if not self.trades:
            return None
        random = np.random.Generator(np.random.PCG64([self.assets, self.seed, 3]))
        shape = ALL, self.trades
        pay = random.integers(0, self.assets, shape)
        take = (pay + random.integers(1, self.assets, shape)) % self.assets
        exact_out = random.random(shape) < 0.5
        size = np.where(random.random(shape) < 0.03, 3e6, 1e3 * random.random(shape))
        amount = size / np.where(
            exact_out,
            np.take_along_axis(self.prices, take, 1),
            np.take_along_axis(self.prices, pay, 1),
        )
        empty = random.random(shape) < 0.7
        return Trades(
            *map(
                jnp.asarray, (np.where(empty, -1, pay), take, np.where(empty, 0, amount), exact_out)
            )
        )

    @property
    def growing(self) -> Array | None:
        random = np.random.Generator(np.random.PCG64([self.assets, self.seed, 4]))
        return (
            jnp.asarray(np.exp(np.cumsum(1e-4 * random.standard_normal(ALL))))
            if self.supply
            else None
        )

    @property
    def feed(self) -> Feed:
        nothing = jnp.asarray(0, jnp.int32)
        trading = Trading(self.solver, self.every, self.do_arb)
        frictions = Frictions(
            **{name: jnp.asarray(value) for name, value in self.costs.items()},
            lp_supply=self.growing,
        )
        prices = jnp.asarray(self.prices)
        return Feed(
            prices,
            prices,
            nothing,
            nothing,
            jnp.asarray(1e6),
            frictions,
            None,
            trading,
            trades=self.given,
        )

    def plan(self, rows: tuple[int, ...] | None = None) -> Plan:
        pool, has_flows = self.pool, self.supply or self.trades > 0
        chunk, period = pool.chunk_period, pool.weight_interpolation_period
        how = {
            "method": self.method,
            "every": self.every,
            "do_arb": self.do_arb,
            "solver": self.solver,
        }
        return Plan(
            ROWS,
            chunk,
            period,
            rows,
            has_flows=has_flows,
            open_for=period if self.rests else None,
            moves=not self.still,
            **how,
        )

    @property
    def standing(self) -> Array | None:
        """Where weights stop early."""
        return (
            jnp.asarray(self.random.uniform(20, PERIOD, -(-ROWS // CHUNK))) if self.stops else None
        )

    def without(self, **changes: Any) -> "Case":
        return replace(self, **changes)


SMOOTH = ("fee", "protocol_fee_split", "noise_trader_ratio")


def of_the_scan(
    pool: Moving, feed: Feed, standing: Array | None, inputs: dict[str, Any], start: Any
) -> LoopResult:
    """Every row, as ``pools.base.AbstractPool.path`` has it.

    It takes a case's parts, so that cases which differ in numbers only share a program.
    """
    frictions = feed.frictions._replace(**{name: inputs[name] for name in SMOOTH if name in inputs})
    feed = feed._replace(frictions=frictions, initial_reserves=inputs["opening"])
    params = inputs | ({} if standing is None else {"stops": standing})
    visits = np.arange(0, ROWS, 1 if feed.has_flows else feed.trading.every)
    opening, ticks = pool.prepare(params, feed, jnp.asarray(start), ROWS)
    visited = jax.tree.map(lambda column: column[visits], ticks)
    left = checkpointed_scan(
        lambda state, tick: pool.step(state, tick, feed.trading.solver), opening, visited
    )
    zeros = jnp.zeros(ROWS, left.fees.dtype)
    refused = jnp.zeros(ROWS, jnp.int32).at[visits].set(left.refused)
    volumes = jax.tree.map(lambda column: zeros.at[visits].set(column), left.volumes)
    reserves, fees = held(left.reserves, visits, ROWS), zeros.at[visits].set(left.fees)
    return LoopResult(reserves, fees, refused, volumes)


def looped(
    case: Case, inputs: dict[str, Any], rows: tuple[int, ...] | None = None, start: Any = START
) -> LoopResult:
    """Every row, or some, through the compiled loop."""
    return of_the_loop(case.plan(rows), case.feed, case.standing, inputs, start)


def of_the_loop(
    plan: Plan, feed: Feed, standing: Array | None, inputs: dict[str, Any], start: Any
) -> LoopResult:
    """The same of a case's parts, as ``of_the_scan``."""
    assert feed.frictions is not None
    frictions = feed.frictions._replace(**{name: inputs[name] for name in SMOOTH if name in inputs})
    blocks = Blocks(inputs["starts"], inputs["slopes"], standing)
    return minute_loop(
        plan, feed.prices, jnp.asarray(start), blocks, inputs["opening"], frictions, feed.trades
    )


EVERYTHING = {
    "gas_cost": 0.3,
    "arb_fee": 1e-4,
    "protocol_fee_split": 0.25,
    "noise_trader_ratio": 0.7,
}
CASES = {
    "2": Case(2),
    "3": Case(3),
    "5": Case(5),
    "8": Case(8),
    "2 still": Case(2, still=True),
    "3 still": Case(3, still=True),
    "8 still": Case(8, still=True),
    "no fee": Case(3, fee=0.0, protocol_fee_split=0.1),
    "high fee": Case(3, fee=0.02),
    "gas": Case(3, gas_cost=0.3),
    "arbitrage fee": Case(3, arb_fee=2e-4),
    "split": Case(3, protocol_fee_split=0.25),
    "noise": Case(3, noise_trader_ratio=0.7),
    "all frictions": Case(3, **EVERYTHING),
    "all frictions, 2": Case(2, **EVERYTHING),
    "all frictions, 8": Case(8, **EVERYTHING),
    "fee by the minute": Case(3, columns=("fee",)),
    "all by the minute": Case(3, **EVERYTHING, columns=Frictions._fields[:5]),
    "every 7": Case(3, every=7),
    "every 7, all frictions": Case(5, every=7, **EVERYTHING),
    "every 200": Case(3, every=200),
    "rests": Case(3, rests=True),
    "rests, every 7": Case(3, rests=True, every=7),
    "stops": Case(3, stops=True),
    "approx_optimal": Case(3, method="approx_optimal"),
    "growth": Case(3, supply=True, **EVERYTHING),
    "growth, every 7": Case(3, supply=True, every=7),
    "growth, nobody comes": Case(3, supply=True, do_arb=False),
    "trades": Case(3, trades=1),
    "trades, 2 still": Case(2, trades=3, still=True),
    "trades, every 7": Case(3, trades=2, every=7, **EVERYTHING),
    "trades, nobody comes": Case(3, trades=3, do_arb=False),
    "all that happens": Case(
        5, trades=3, supply=True, rests=True, **EVERYTHING, columns=("fee", "gas_cost")
    ),
    "pairwise": Case(3, solver="pairwise"),
    "pairwise, 8, all frictions": Case(8, solver="pairwise", **EVERYTHING),
    "pairwise, 2": Case(2, solver="pairwise", protocol_fee_split=0.25),
}
