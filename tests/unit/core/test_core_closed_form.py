"""The closed form of a frictionless pool's value against a plain sum over its minutes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.closed_form import log_growth, prefix

ROWS = 3 * 1440


def by_minute(prices: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln V minute by minute: the old weights earn the returns, then the weights change at a cost. In extended precision."""
    logs, w = np.log(prices.astype(np.longdouble)), weights.astype(np.longdouble)
    steps = (w[:-1] * np.diff(logs, axis=0)).sum(-1) - (w[1:] * np.log(w[1:] / w[:-1])).sum(-1)
    return np.concatenate([[0], np.cumsum(steps)]).astype(float)


def coarse(chunk: int, period: int, rows: int, shape: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Start weights and changes a minute of enough blocks: the first stands still, the next go to random weights."""
    random = np.random.Generator(np.random.PCG64(chunk + period))
    blocks = -(-rows // chunk)
    if shape == "gentle":
        targets = random.dirichlet([30, 40, 30], blocks + 1)
    elif shape == "steep":  # to a thousandth and back: the steps near the floor are as large as the weight
        targets = np.where((np.arange(blocks + 1) % 2)[:, None], [0.001, 0.998, 0.001], [0.6, 0.001, 0.399])
    else:
        targets = np.tile([0.2, 0.5, 0.3], (blocks + 1, 1))
    targets[1] = targets[0]
    return targets[:-1], np.diff(targets, axis=0) / period


@pytest.mark.parametrize("shape", ["gentle", "steep", "still"])
@pytest.mark.parametrize(
    ("chunk", "period"), [(1440, 1440), (1440, 360), (1440, 1), (60, 60), (60, 17), (60, 1), (7, 7), (7, 3), (1000, 999), (1, 1), (2880, 25)]
)
@pytest.mark.parametrize("first", [0, 1, 777])
def test_the_closed_form_is_the_sum_over_minutes(prices: NDArray[np.float64], chunk: int, period: int, first: int, shape: str) -> None:
    """Any chunk and period, also those that do not divide a day, any first row, every row: ln V to 1e-11."""
    starts, slopes = coarse(chunk, period, ROWS, shape)
    moved = np.minimum(np.arange(chunk), period)[:, None]
    weights = (starts[:, None] + moved * slopes[:, None]).reshape(-1, 3)[:ROWS]
    rows = np.unique(np.concatenate([np.arange(0, ROWS, 1440), [0, 1, 2, 24, 25, 26, 27, 59, 60, 61, 1441, ROWS - 2, ROWS - 1]]))
    found = log_growth(prefix(prices), jnp.asarray(starts), jnp.asarray(slopes), chunk, period, jnp.asarray(first), rows)
    expected = by_minute(prices[first : first + ROWS], weights)
    np.testing.assert_allclose(found, expected[rows], rtol=0, atol=1e-11)


def test_the_closed_forms_gradient_is_that_of_the_sum(prices: NDArray[np.float64]) -> None:
    """With respect to start weights and slopes, blocks that stand still among them, as automatic differentiation of the sum says."""
    chunk, period = 360, 240
    starts, slopes = map(jnp.asarray, coarse(chunk, period, ROWS, "gentle"))
    logs = jnp.log(prices[:ROWS])

    def by_sum(starts: jax.Array, slopes: jax.Array) -> jax.Array:
        moved = jnp.minimum(jnp.arange(chunk), period)[:, None]
        w = (starts[:, None] + moved * slopes[:, None]).reshape(-1, 3)
        return (w[:-1] * jnp.diff(logs, axis=0)).sum() - (w[1:] * jnp.log(w[1:] / w[:-1])).sum()

    def by_form(starts: jax.Array, slopes: jax.Array) -> jax.Array:
        return log_growth(sums, starts, slopes, chunk, period, jnp.asarray(0), np.array([ROWS - 1]))[0]

    sums = prefix(prices)
    for found, expected in zip(jax.grad(by_form, (0, 1))(starts, slopes), jax.grad(by_sum, (0, 1))(starts, slopes), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * float(jnp.abs(expected).max()))
