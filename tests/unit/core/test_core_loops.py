"""Sums, loops and recurrences: fast forms against the plain text."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.loop import checkpointed_scan
from quantamm_cli.core.prefix import cumulative
from quantamm_cli.core.recurrence import Columns, OneRow, RuleInputs, one_row


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 128, 4096, 4097, 10_000])
def test_the_tiled_sum_is_the_sum(length: int) -> None:
    """Any length around the tiles' edges, values and gradient."""
    values = np.random.Generator(np.random.PCG64(length)).standard_normal(length)
    pull = np.random.Generator(np.random.PCG64(1)).standard_normal(length)

    @jax.jit
    def slope_and_sums(column: jax.Array, pull: jax.Array) -> tuple[jax.Array, jax.Array]:
        def pulled(column: jax.Array) -> tuple[jax.Array, jax.Array]:
            sums = cumulative(column)
            return (sums * pull).sum(), sums

        return jax.grad(pulled, has_aux=True)(column)

    slope, sums = slope_and_sums(values, pull)
    np.testing.assert_allclose(sums, np.cumsum(values), rtol=0, atol=1e-13 * length)
    np.testing.assert_allclose(slope, np.cumsum(pull[::-1])[::-1], rtol=0, atol=1e-13 * length)


def step(
    state: tuple[jax.Array, jax.Array], row: tuple[jax.Array, jax.Array]
) -> tuple[tuple[jax.Array, jax.Array], dict[str, jax.Array]]:
    """Something nonlinear with a state and outputs of several shapes."""
    level, wave = state
    push, shape = row
    level = jnp.tanh(0.9 * level + push)
    wave = 0.5 * wave + shape * level
    return (level, wave), {"level": level, "wave": wave}


@pytest.mark.parametrize(
    ("length", "block"), [(1, 8), (7, 8), (8, 8), (9, 8), (64, 8), (61, 8), (30, 1), (30, 1440)]
)
def test_the_checkpointed_scan_is_the_scan(length: int, block: int) -> None:
    """Outputs and gradients with respect to the rows and the start,
    whatever padding the blocks need.
    """
    random = np.random.Generator(np.random.PCG64(length))
    rows = (random.standard_normal(length), random.standard_normal((length, 3)))
    start = (0.3, np.array([0.1, -0.2, 0.5]))

    def plain(start: tuple[jax.Array, ...], rows: tuple[jax.Array, ...]) -> dict[str, jax.Array]:
        return jax.lax.scan(step, start, rows)[1]

    def blocked(start: tuple[jax.Array, ...], rows: tuple[jax.Array, ...]) -> dict[str, jax.Array]:
        return checkpointed_scan(step, start, rows, block)

    def squares(start: Any, rows: Any, form: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
        found = form(start, rows)
        return sum(((out**2).sum() for out in found.values()), jnp.zeros(())), found

    @jax.jit
    def both(start: Any, rows: Any) -> list[Any]:
        return [
            jax.grad(squares, (0, 1), has_aux=True)(start, rows, form) for form in (plain, blocked)
        ]

    for one, other in zip(*map(jax.tree.leaves, both(start, rows)), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(other, one, rtol=1e-13, atol=1e-15)


def cascade(recur: Columns | OneRow, inputs: RuleInputs) -> jax.Array:
    """Two recurrences, the second driven by what the first was before."""
    keep = jnp.asarray([0.9, 0.5, 0.0])
    price = inputs.price
    average, before = recur("average", keep, (1 - keep) * price, price)
    trend, _ = recur("trend", keep, price - before, jnp.zeros_like(price))
    return average + 2 * trend


@pytest.mark.parametrize("first", [0, 1, 5])
def test_columns_and_one_row_at_a_time_agree(prices: NDArray[np.float64], first: int) -> None:
    """Whole columns whose first rows are padding, and a keeper that
    starts at the first real row.
    """
    column = np.concatenate([np.repeat(prices[:1], first, axis=0), prices[: 40 * 60 : 60]])
    batch = cascade(Columns(jnp.asarray(first)), RuleInputs(jnp.asarray(column)))
    state = None
    for index, row in enumerate(column[first:]):
        state, said = one_row(cascade, state, RuleInputs(jnp.asarray(row)))
        np.testing.assert_allclose(said, batch[first + index], rtol=1e-14)


def test_one_row_changes_nothing_it_was_given(prices: NDArray[np.float64]) -> None:
    """The same state and price twice give the same answer twice."""
    state, _ = one_row(cascade, None, RuleInputs(jnp.asarray(prices[0])))
    kept = jax.tree.map(np.array, state)
    first = one_row(cascade, state, RuleInputs(jnp.asarray(prices[60])))
    second = one_row(cascade, state, RuleInputs(jnp.asarray(prices[60])))
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert np.array_equal(one, other)
    assert all(
        np.array_equal(one, other) for one, other in zip(kept.values(), state.values(), strict=True)
    )
