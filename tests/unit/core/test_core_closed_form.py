"""The closed form of a frictionless pool's value against a plain sum over its minutes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.closed_form import log_growth, prefix

ROWS = 3 * 1440


def by_minute(prices: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln V minute by minute: the old weights earn the returns, then the weights change at a cost.

    In extended precision.
    """
    logs, w = np.log(prices.astype(np.longdouble)), weights.astype(np.longdouble)
    steps = (w[:-1] * np.diff(logs, axis=0)).sum(-1) - (w[1:] * np.log(w[1:] / w[:-1])).sum(-1)
    return np.concatenate([[0], np.cumsum(steps)]).astype(float)


def coarse(
    chunk: int, period: int, rows: int, shape: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Start weights and changes a minute of enough blocks: the first stands still,
    the next go to random weights.
    """
    random = np.random.Generator(np.random.PCG64(chunk + period))
    blocks = -(-rows // chunk)
    if shape == "gentle":
        targets = random.dirichlet([30, 40, 30], blocks + 1)
    elif (
        shape == "steep"
    ):  # to a thousandth and back: the steps near the floor are as large as the weight
        targets = np.where(
            (np.arange(blocks + 1) % 2)[:, None], [0.001, 0.998, 0.001], [0.6, 0.001, 0.399]
        )
    else:
        targets = np.tile([0.2, 0.5, 0.3], (blocks + 1, 1))
    targets[1] = targets[0]
    return targets[:-1], np.diff(targets, axis=0) / period


SOME = np.unique(
    np.concatenate(
        [np.arange(0, ROWS, 1440), [0, 1, 2, 24, 25, 26, 27, 59, 60, 61, 1441, ROWS - 2, ROWS - 1]]
    )
)


@pytest.mark.parametrize(
    ("chunk", "period"),
    [
        (1440, 1440),
        (1440, 360),
        (1440, 1),
        (60, 60),
        (60, 17),
        (7, 7),
        (7, 3),
        (1000, 999),
        (1, 1),
        (2880, 25),
    ],
)
def test_the_closed_form_is_the_sum_over_minutes(
    prices: NDArray[np.float64], chunk: int, period: int
) -> None:
    """Any chunk and period, also those that do not divide a day, any first row, every row: V to
    1e-11, as long as a double can hold it.
    """
    sums = prefix(prices)
    form = jax.jit(
        lambda starts, slopes, first: log_growth(sums, starts, slopes, chunk, period, first, SOME)
    )
    moved = np.minimum(np.arange(chunk), period)[:, None]
    for shape in ("gentle", "steep", "still"):
        starts, slopes = coarse(chunk, period, ROWS, shape)
        weights = (starts[:, None] + moved * slopes[:, None]).reshape(-1, 3)[:ROWS]
        for first in (0, 1, 777):
            found = form(jnp.asarray(starts), jnp.asarray(slopes), jnp.asarray(first))
            expected = by_minute(prices[first : first + ROWS], weights)[SOME]
            held = expected > -700  # the steepest path loses e^28000 in the end
            np.testing.assert_allclose(
                found[held], expected[held], rtol=0, atol=1e-11, err_msg=f"{shape} from row {first}"
            )


def test_the_closed_forms_gradient_is_that_of_the_sum(prices: NDArray[np.float64]) -> None:
    """With respect to the weights that blocks lead to, as automatic differentiation of
    the sum over minutes says.
    """
    chunk, period = 360, 240
    logs, sums = jnp.log(prices[:ROWS]), prefix(prices)
    moved = jnp.minimum(jnp.arange(chunk), period)[:, None]

    def growth(logits: jax.Array, form: bool) -> jax.Array:
        targets = jax.nn.softmax(logits)
        starts, slopes = targets[:-1], jnp.diff(targets, axis=0) / period
        if form:
            return log_growth(
                sums, starts, slopes, chunk, period, jnp.asarray(0), np.array([ROWS - 1])
            )[0]
        w = (starts[:, None] + moved * slopes[:, None]).reshape(-1, 3)
        return (w[:-1] * jnp.diff(logs, axis=0)).sum() - (w[1:] * jnp.log(w[1:] / w[:-1])).sum()

    logits = np.random.Generator(np.random.PCG64(3)).standard_normal((ROWS // chunk + 1, 3))
    logits[4] = logits[3]
    slope = jax.jit(jax.grad(growth), static_argnums=1)
    found, expected = slope(jnp.asarray(logits), True), slope(jnp.asarray(logits), False)
    np.testing.assert_allclose(
        found, expected, rtol=1e-9, atol=1e-9 * float(jnp.abs(expected).max())
    )
