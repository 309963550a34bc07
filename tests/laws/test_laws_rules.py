"""What every weight rule promises, whichever way it runs."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, components, opening, series, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.bijectors import Memory
from quantamm_cli.core.recurrence import Columns, RuleInputs
from quantamm_cli.rules.base import Clock

GROUP = "pool/rule"
rules = pytest.mark.parametrize("name", components(GROUP))
CLOCK = Clock(60, 10_000)
FIRST = 5
CHUNK, BLOCKS, BURN_IN = 360, 19, 3 * DAY
LAST = -FIRST * 60
"""Hourly rows behind padding are as many as without, if prices end here."""
METHODS = ("vectorized", "scan", "hybrid")


def targets(name: str) -> bool:
    """Whether the rule says weights rather than changes."""
    return bool(getattr(build("pool/rule", name), "targets", False))


@cache
def signals(name: str) -> Any:
    """The rule over a whole column behind padding, compiled once."""
    rule = build("pool/rule", name)
    return jax.jit(
        lambda column, params, first: rule.signal(
            Columns(jnp.asarray(first)), column, params, CLOCK
        )
    )


def said_of(
    name: str, column: RuleInputs, params: dict[str, Any], first: int = FIRST
) -> NDArray[np.float64]:
    """What the rule says of a column."""
    return np.asarray(signals(name)(column, params, first))


def column(prices: NDArray[np.float64], name: str, padding: int = FIRST) -> RuleInputs:
    """Hourly prices behind padding, and what else the rule looks at."""

    def hourly(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        seen = (minutes[:LAST] if padding else minutes)[::60]
        return np.concatenate([np.repeat(seen[:1], padding, axis=0), seen])

    return RuleInputs(
        hourly(prices),
        {key: hourly(series(key, prices)) for key in build("pool/rule", name).looks_at},
    )


def rule_params(name: str, **given: Any) -> dict[str, Any]:
    pool = with_rule(
        name,
        chunk_period=CLOCK.chunk_period,
        weight_interpolation_period=60,
        max_memory_days=CLOCK.max_memory_days,
    )
    params = opening(pool, 3, **given)
    params.pop("initial_weights_logits")
    return params


@jax.jit
def blocks(pool: Any, params: Any, feed: Any, start: Any) -> tuple[Any, Any]:
    """Starts and slopes of a window, and the estimators at every chunk,
    which are the same for every method.
    """
    state = pool.readouts(params, feed) if pool.weight_calculation_method == "vectorized" else {}
    return pool.weight_blocks(params, feed, start, BLOCKS)[:2], state


def coarse(pool: Any, params: Any, feed: Any, start: int) -> list[NDArray[np.float64]]:
    return [np.asarray(part) for part in blocks(pool, params, feed, start)[0]]


def readouts(name: str, params: Any, feed: Any, row: int) -> dict[str, NDArray[np.float64]]:
    """The state of a rule's estimators at a row."""
    columns = blocks(with_rule(name, weight_calculation_method="vectorized"), params, feed, 0)[1]
    return {key: np.asarray(column)[row] for key, column in columns.items()}


@rules
def test_changes_sum_to_zero_or_weights_to_one(name: str, prices: NDArray[np.float64]) -> None:
    """At every chunk; a rule that wishes weights wishes positive ones."""
    said = said_of(name, column(prices, name), rule_params(name))
    if targets(name):
        np.testing.assert_allclose(said.sum(-1), 1, rtol=1e-13)
        assert (said > 0).all()
    else:
        np.testing.assert_allclose(said.sum(-1), 0, atol=1e-13 * max(1, np.abs(said).max()))
        assert np.abs(said[FIRST + 1 :]).max() > 0


@rules
def test_constant_prices_ask_for_nothing(name: str, prices: NDArray[np.float64]) -> None:
    """No change, to 1e-12; a rule that wishes weights has no reason to prefer one."""
    still = np.broadcast_to(prices[0], prices.shape)
    said = said_of(name, column(still, name), rule_params(name))
    if build("pool/rule", name).looks_at:
        np.testing.assert_allclose(said, np.broadcast_to(said[0], said.shape), atol=1e-12)
    else:
        np.testing.assert_allclose(said, 1 / 3 if targets(name) else 0, atol=1e-12)


@rules
def test_prices_in_another_unit_ask_for_the_same(name: str, prices: NDArray[np.float64]) -> None:
    """Assets priced 1e-8 and 1e8 are like any other: there is no absolute threshold."""
    said = said_of(name, column(prices, name), rule_params(name))
    scaled = said_of(
        name, column(prices / prices[0] * np.array([1e-8, 1.0, 1e8]), name), rule_params(name)
    )
    np.testing.assert_allclose(scaled, said, rtol=1e-9, atol=1e-12)


@rules
def test_permuted_assets_are_answered_permuted(name: str, prices: NDArray[np.float64]) -> None:
    """With their parameters."""
    order = np.array([2, 0, 1])
    params = rule_params(name)
    params = {key: np.asarray(value) * [1.0, 0.9, 1.1] for key, value in params.items()}
    said = said_of(name, column(prices, name), params)
    turned = said_of(
        name,
        column(prices[:, order], name),
        {key: value[..., order] for key, value in params.items()},
    )
    np.testing.assert_allclose(turned, said[:, order], rtol=1e-9, atol=1e-13)


@rules
def test_executors_agree(name: str, prices: NDArray[np.float64]) -> None:
    """Whole columns, one loop over the keeper's text and a loop for the rule alone give the same
    weights, to 1e-12, from odd starts too.
    """
    for start in (0, 777):
        found = []
        for method in METHODS:
            pool = with_rule(name, weight_calculation_method=method)
            found.append(coarse(pool, opening(pool, 3), world(pool, prices, BURN_IN), start))
        for other in found[1:]:
            for one, two in zip(found[0], other, strict=True):
                np.testing.assert_allclose(one, two, rtol=0, atol=1e-12)


@rules
@pytest.mark.parametrize("method", ["vectorized", "scan"])
def test_a_pool_is_taken_up_again_from_its_read_outs(
    name: str, method: str, prices: NDArray[np.float64]
) -> None:
    """Estimators and weights given as they were at the start of a block, without any burn-in, go on
    as if they had seen it all.
    """
    pool = with_rule(name, weight_calculation_method=method)
    params, whole, block = opening(pool, 3), world(pool, prices, BURN_IN), 4
    here = BURN_IN // CHUNK + block
    starts, slopes = coarse(pool, params, whole, 0)
    fresh = world(pool, prices[here * CHUNK :], 0)
    series = {key: rows[here:] for key, rows in whole.series.items()}
    fresh = fresh._replace(state=readouts(name, params, whole, here), series=series)
    found = coarse(pool, params | {"initial_weights_logits": np.log(starts[block])}, fresh, 0)
    for one, other in zip((starts[block:], slopes[block:]), found, strict=True):
        np.testing.assert_allclose(other[: len(one)], one, rtol=0, atol=1e-12)


@rules
def test_one_price_at_a_time_gives_the_weights_of_the_batch(
    name: str, prices: NDArray[np.float64]
) -> None:
    """A keeper who is told each price as it comes, warms up, and begins to move
    weights when the pool opens.
    """
    pool = with_rule(name, weight_calculation_method="vectorized")
    params = opening(pool, 3)
    starts, slopes = coarse(pool, params, world(pool, prices, BURN_IN), 0)
    state, weights, online = None, starts[0], jax.jit(pool.online)
    here = BURN_IN // CHUNK + (0 if targets(name) else 1)
    skipped = 0 if targets(name) else 1
    seen = RuleInputs(prices, {key: series(key, prices) for key in pool.looks_at})
    for index in range(here + BLOCKS - skipped):
        state, slope = online(
            params, state, weights, jax.tree.map(lambda rows, at=index * CHUNK: rows[at], seen)
        )
        if index >= here:
            block = index - here + skipped
            np.testing.assert_allclose(weights, starts[block], rtol=0, atol=1e-12)
            np.testing.assert_allclose(slope, slopes[block], rtol=0, atol=1e-12)
            weights = weights + np.asarray(slope) * pool.weight_interpolation_period


@rules
@pytest.mark.parametrize("method", ["vectorized", "scan"])
def test_the_past_does_not_hear_of_the_future(
    name: str, method: str, prices: NDArray[np.float64]
) -> None:
    """Prices changed from the first minute of a block on: block starts up to it are
    what they were, bit for bit.
    """
    pool = with_rule(name, weight_calculation_method=method)
    params, block = (
        opening(pool, 3, k_per_day=0.05, k=0.05),
        6,
    )  # so weak that no weight reaches a limit
    changed = prices.copy()
    changed[BURN_IN + block * CHUNK :] *= np.exp(
        np.random.Generator(np.random.PCG64(1)).normal(0, 0.1, 3)
    )
    before, after = (
        np.asarray(coarse(pool, params, world(pool, path, BURN_IN), jnp.asarray(0)))
        for path in (prices, changed)
    )
    assert np.array_equal(before[0][: block + 1], after[0][: block + 1])
    assert np.array_equal(before[1][:block], after[1][:block])
    assert not np.array_equal(before[0], after[0])


@rules
def test_padding_before_the_first_price_leaves_no_trace(
    name: str, prices: NDArray[np.float64]
) -> None:
    """Rows that hold the first price, however many, change nothing that is said after it."""
    padded = said_of(name, column(prices, name), rule_params(name))
    bare = said_of(name, column(prices, name, padding=0), rule_params(name), 0)[:-FIRST]
    np.testing.assert_allclose(
        padded[FIRST:], bare, rtol=0, atol=1e-14 * max(1, float(np.abs(bare).max()))
    )


@pytest.mark.parametrize("method", ["vectorized", "scan"])
def test_room_for_a_longer_burn_in_changes_nothing(
    method: str, prices: NDArray[np.float64]
) -> None:
    """A feed with room for a year before its first price moves weights as one without."""
    pool = with_rule("momentum", weight_calculation_method=method)
    params = opening(pool, 3)
    tight, roomy = (
        coarse(pool, params, world(pool, prices, BURN_IN, room=room), 100) for room in (False, True)
    )
    for one, other in zip(tight, roomy, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


def corners(name: str) -> list[dict[str, Any]]:
    """The parameters as they are, and each at the ends of its range and beyond: no memory,
    10,000 days, no strength.
    """
    pool = with_rule(
        name,
        chunk_period=CLOCK.chunk_period,
        weight_interpolation_period=60,
        max_memory_days=CLOCK.max_memory_days,
    )
    found: list[dict[str, Any]] = [{}]
    for spec in pool.rule.parameters(CLOCK):
        ends = {spec.low, spec.high, spec.default}
        if isinstance(spec.bijector, Memory) or spec.readable.startswith("memory_days"):
            ends |= {0.0, 10_000.0}
        if spec.readable in ("k", "k_per_day") and spec.bijector.raw(np.zeros(1)) > -2000:
            ends |= {0.0}
        found += [{spec.readable: end} for end in sorted(ends)]
    return found


@rules
def test_signals_and_gradients_are_finite_at_the_corners(
    name: str, prices: NDArray[np.float64]
) -> None:
    """Every parameter at its ends; prices that stand still, fall by half
    at once, cost 1e-8 and 1e8.
    """
    still = np.broadcast_to(prices[0], prices.shape)
    jump = prices.copy()
    jump[len(prices) // 2 :, 1] *= 0.5
    extreme = prices / prices[0] * np.array([1e-8, 1.0, 1e8])
    columns = jax.tree.map(
        lambda *paths: np.stack(paths),
        *(column(path, name) for path in (prices, still, jump, extreme)),
    )
    told = corners(name)
    params = [rule_params(name, **corner) for corner in told]
    stacked = {key: np.stack([np.asarray(one[key]) for one in params]) for key in params[0]}
    pull = np.random.Generator(np.random.PCG64(2)).standard_normal(columns.price.shape[1:])
    run = signals(name)

    def heard(values: dict[str, Any], path: RuleInputs) -> jax.Array:
        return (run(path, values, FIRST) * pull).sum()

    both = jax.vmap(jax.vmap(jax.value_and_grad(heard), in_axes=(0, None)), in_axes=(None, 0))
    value, slopes = jax.tree.map(np.asarray, jax.jit(both)(stacked, columns))
    for path in range(len(columns.price)):
        for corner, said in enumerate(told):
            assert np.isfinite(value[path, corner]), (path, said)
            for key, slope in slopes.items():
                assert np.isfinite(slope[path, corner]).all(), (path, said, key)
