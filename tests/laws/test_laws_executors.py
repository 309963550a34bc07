"""Compiled code says what JAX's loops say: for every pool, rule, guard and metric,
to 1e-11, and their gradients.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, assets_of, components, forwards, opening, small, tree, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Daily, Feed, Trajectory
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.metrics.tail import percentile
from quantamm_cli.pools.geometric import GeometricPool

pytestmark = pytest.mark.versions
Compute = Callable[..., Any]
ROWS = DAY + 500
SPANS = (("train", 0, DAY), ("test", DAY, ROWS))
NONE: dict[str, Any] = {}
FRICTIONS = {
    "fee": 0.003,
    "gas_cost": 2.0,
    "arb_fee": 1e-4,
    "protocol_fee_split": 0.25,
    "noise_trader_ratio": 0.7,
}
RULES = {f"rule-{name}": with_rule(name) for name in components("pool/rule")}
GUARDS = {
    f"guard-{name}": with_rule("momentum", guard=tree("pool/guard", name))
    for name in components("pool/guard")
}
POOLS = {name: small("pool", name) for name in components("pool")}
POOLS["approx_optimal"] = with_rule("momentum", weight_interpolation_method="approx_optimal")
POOLS["onchain"] = GUARDS["guard-onchain"]
CASES = [(name, NONE) for name in POOLS] + [
    (name, FRICTIONS) for name, pool in POOLS.items() if pool.takes_frictions
]
CASES += [
    ("temporal", {"fee": 0.003, "arb_frequency": 7}),
    ("temporal", {"fee": 0.003, "arbitrage": "pairwise"}),
]


class Pair(NamedTuple):
    """What compiled code finds, and JAX's loops."""

    compiled: Any
    loops: Any


def is_compiled(compute: Compute, *given: Any) -> bool:
    """Whether there is compiled code in it. Without, both executors have one program."""
    with executor("compiled"):
        return "ffi_call" in str(jax.make_jaxpr(compute)(*given))


def both(compiled: Compute, loops: Compute, *given: Any) -> Pair:
    """What two programs find, each traced for its executor."""
    with executor("compiled"):
        first = jax.jit(compiled)(*given)
    with executor("scan"):
        return Pair(first, jax.jit(loops)(*given))


def near(pair: Pair, within: float) -> None:
    """Leaf by leaf, relative to the largest of each."""
    for one, other in zip(*map(jax.tree.leaves, pair), strict=True):
        np.testing.assert_allclose(
            one, other, rtol=within, atol=within * float(np.abs(other).max(initial=0.0))
        )


@pytest.mark.parametrize(
    ("name", "fees"), CASES, ids=[f"{name}-{'+'.join(fees) or 'free'}" for name, fees in CASES]
)
def test_paths_and_days(name: str, fees: dict[str, Any], prices: NDArray[np.float64]) -> None:
    """Every minute, what daily metrics are told, and the slope of that."""
    pool = POOLS[name]
    assets = assets_of(pool)
    feed = world(pool, prices[:, :assets], **fees)

    @jax.jit  # traced once, though asked for twice
    def minutes(params: Any, feed: Feed) -> Any:
        return simulate(pool, params, feed, 777, ROWS)

    def sampled(params: Any, feed: Feed) -> Any:
        return days(pool, params, feed, 777, SPANS)

    def worth(spans: dict[str, Daily]) -> Any:
        logs = (jnp.log(span.days).sum() + jnp.log(span.last.value) for span in spans.values())
        return sum(logs, jnp.zeros(())), spans

    def compiled(params: Any, feed: Feed) -> Any:
        slope, spans = jax.grad(lambda params: worth(sampled(params, feed)), has_aux=True)(params)
        return (minutes(params, feed), spans), slope

    def loops(params: Any, feed: Feed) -> Any:
        """Where trading costs something, days are some of the minutes, so one loop gives both."""

        def valued(params: Any) -> Any:
            path = simulate(pool, params, feed, 777, ROWS)
            parts = {name: daily(path.rows(first, last)) for name, first, last in SPANS}
            value, spans = worth(parts if fees else sampled(params, feed))
            return value, (path, spans)

        slope, values = forwards(valued)(params) if params else ({}, valued(params)[1])
        return values, slope

    params = opening(pool, assets)
    if not (is_compiled(minutes, params, feed) or is_compiled(sampled, params, feed)):
        assert not (fees and isinstance(pool, GeometricPool))
        return
    values, slopes = zip(*both(compiled, loops, params, feed), strict=True)
    near(Pair(*values), 1e-11)
    near(Pair(*slopes), 1e-8)


def daily(path: Trajectory) -> Daily:
    """The days and ends of a stretch of minutes."""
    return Daily(path.first, path.last, path.days, path.day_prices, path.minutes)


@pytest.mark.parametrize("name", [*RULES, *GUARDS])
def test_weights_of_rules_and_guards(name: str, prices: NDArray[np.float64]) -> None:
    """Of every block, and the slope of something smooth of them all."""
    pool = (RULES | GUARDS)[name]
    feed = world(pool, prices)

    def valued(params: Any, feed: Feed) -> Any:
        starts, slopes = pool.weight_blocks(params, feed, jnp.asarray(777), 20)[:2]
        worth = (jnp.log(starts) * jnp.linspace(1, 2, 3)).sum() + 1e3 * (slopes**2).sum()
        return worth, (starts, slopes)

    def compiled(params: Any, feed: Feed) -> Any:
        return jax.grad(valued, has_aux=True)(params, feed)

    def loops(params: Any, feed: Feed) -> Any:
        return forwards(lambda params: valued(params, feed))(params)

    params = opening(pool, 3)
    if is_compiled(valued, params, feed):
        slopes, values = zip(*both(compiled, loops, params, feed), strict=True)
        near(Pair(*values), 1e-12)
        near(Pair(*slopes), 1e-9)


def test_there_is_something_to_compare() -> None:
    """Guarded weights and percentiles are compiled."""
    pool = RULES["rule-momentum"]
    feed = world(pool, np.broadcast_to([2.0, 3.0, 1.0], (6 * DAY, 3)))
    blocks = partial(pool.weight_blocks, feed=feed, start=jnp.asarray(0), blocks=4)
    assert is_compiled(lambda params: blocks(params)[:2], opening(pool, 3))
    assert is_compiled(lambda values: percentile(values, 5.0), np.arange(10.0))


@pytest.mark.parametrize("name", METRICS)
def test_metrics(name: str, prices: NDArray[np.float64]) -> None:
    """Of one trajectory, and its slope."""
    value = prices @ np.array([1.0, 20.0, 40_000.0])
    path = Trajectory(
        *map(
            jnp.asarray,
            (prices, np.ones_like(prices) / 3, np.ones_like(prices), value, np.zeros_like(value)),
        )
    )

    def scored(value: Any, path: Trajectory) -> Any:
        return score(path._replace(value=value), [name])[name]

    if is_compiled(scored, path.value, path):
        valued = jax.value_and_grad(scored)
        values, slopes = map(Pair, *both(valued, valued, path.value, path))
        near(values, 1e-12)
        if np.isfinite(values.loops):
            near(slopes, 1e-9)
