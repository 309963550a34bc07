"""Compiled code says what JAX's loops say: for every pool, rule, guard and metric, to 1e-11, and their gradients."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, assets_of, components, opening, small, tree, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Trajectory
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.metrics.tail import percentile
from quantamm_cli.pools.geometric import GeometricPool

ROWS = DAY + 500
SPANS = (("train", 0, DAY), ("test", DAY, ROWS))
NONE: dict[str, Any] = {}
FRICTIONS = {"fee": 0.003, "gas_cost": 2.0, "arb_fee": 1e-4, "protocol_fee_split": 0.25, "noise_trader_ratio": 0.7}
RULES = {f"rule-{name}": with_rule(name) for name in components("pool/rule")}
GUARDS = {f"guard-{name}": with_rule("momentum", guard=tree("pool/guard", name)) for name in components("pool/guard")}
POOLS = {name: small("pool", name) for name in components("pool")}
POOLS["approx_optimal"] = with_rule("momentum", weight_interpolation_method="approx_optimal")
POOLS["onchain"] = GUARDS["guard-onchain"]
CASES = [(name, NONE) for name in POOLS] + [(name, FRICTIONS) for name, pool in POOLS.items() if pool.takes_frictions]
CASES += [("temporal", {"fee": 0.003, "arb_frequency": 7}), ("temporal", {"fee": 0.003, "arbitrage": "pairwise"})]


def both(compute: Callable[[Any], Any], given: Any) -> tuple[Any, Any] | None:
    """What compiled code and JAX's loops find; nothing if there is no compiled code in it: then it is one program."""
    with executor("compiled"):
        if "ffi_call" not in str(jax.make_jaxpr(compute)(given)):
            return None
        found = jax.jit(compute)(given)
    with executor("scan"):
        return found, jax.jit(compute)(given)


def near(pair: tuple[Any, Any], within: float) -> None:
    """Leaf by leaf, relative to the largest of each."""
    for one, other in zip(*map(jax.tree.leaves, pair), strict=True):
        np.testing.assert_allclose(one, other, rtol=within, atol=within * float(np.abs(other).max(initial=0.0)))


@pytest.mark.parametrize(("name", "fees"), CASES, ids=[f"{name}-{'+'.join(fees) or 'free'}" for name, fees in CASES])
def test_paths_and_days(name: str, fees: dict[str, Any], prices: NDArray[np.float64]) -> None:
    """Every minute, what daily metrics are told, and the slope of that."""
    pool = POOLS[name]
    assets = assets_of(pool)
    feed = world(pool, prices[:, :assets], **fees)

    def run(params: Any) -> Any:
        return simulate(pool, params, feed, 777, ROWS), days(pool, params, feed, 777, SPANS)

    def worth(params: Any) -> Any:
        told = days(pool, params, feed, 777, SPANS)
        return sum((jnp.log(span.days).sum() + jnp.log(span.last.value) for span in told.values()), jnp.zeros(()))

    params = opening(pool, assets)
    pair = both(run, params)
    assert (pair is not None) or not (fees and isinstance(pool, GeometricPool))
    if pair is None:
        return
    near(pair, 1e-11)
    if params and (pair := both(jax.grad(worth), params)):
        near(pair, 1e-8)


@pytest.mark.parametrize("name", [*RULES, *GUARDS])
def test_weights_of_rules_and_guards(name: str, prices: NDArray[np.float64]) -> None:
    """Of every block, and the slope of something smooth of them all."""
    pool = (RULES | GUARDS)[name]
    feed = world(pool, prices)

    def run(params: Any) -> Any:
        return pool.coarse_weights(params, feed, jnp.asarray(777), 20)[:2]

    def worth(params: Any) -> Any:
        starts, slopes = run(params)
        return (jnp.log(starts) * jnp.linspace(1, 2, 3)).sum() + 1e3 * (slopes**2).sum()

    params = opening(pool, 3)
    for compute, within in ((run, 1e-12), (jax.grad(worth), 1e-9)):
        if pair := both(compute, params):
            near(pair, within)


def test_there_is_something_to_compare() -> None:
    """Guarded weights and percentiles are compiled."""
    pool = RULES["rule-momentum"]
    feed = world(pool, np.broadcast_to([2.0, 3.0, 1.0], (6 * DAY, 3)))
    assert both(lambda params: pool.coarse_weights(params, feed, jnp.asarray(0), 4)[:2], opening(pool, 3)) is not None
    assert both(lambda values: percentile(values, 5.0), jnp.arange(10.0)) is not None


@pytest.mark.parametrize("name", METRICS)
def test_metrics(name: str, prices: NDArray[np.float64]) -> None:
    """Of one trajectory, and its slope."""
    value = prices @ np.array([1.0, 20.0, 40_000.0])
    path = Trajectory(*map(jnp.asarray, (prices, np.ones_like(prices) / 3, np.ones_like(prices), value, np.zeros_like(value))))

    def scored(value: Any) -> Any:
        return score(path._replace(value=value), [name])[name]

    if pair := both(scored, path.value):
        near(pair, 1e-12)
        if np.isfinite(pair[1]):
            slopes = both(jax.grad(scored), path.value)
            assert slopes is not None
            near(slopes, 1e-9)
