r"""The frictionless value of a pool with piecewise linear weights, at any rows, from prefix sums
over the data.

Without frictions a pool is always in equilibrium, and from one minute to the next

$$\Delta\ln V = \sum_j w_j\,\Delta\ln p_j - \sum_j w'_j \ln(w'_j / w_j).$$

In a block weights are $w(k) = s + \min(k, W)\,d$. The gain needs two moments of the block's log
returns, which are differences of prefix sums; the cost telescopes to
$e\ln e - s\ln s - d\sum_{k<W}\ln(s + kd)$, $e = s + Wd$. Each row thus costs a few operations,
however many minutes precede it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.executor import compiled
from quantamm_cli.kernels.frictionless import jax_ops as kernels

_EXPLICIT = 25


class Prefix(NamedTuple):
    r"""Prefix sums over all rows: $\ln p$, and $\sum_{\tau\le t}\tau\,\Delta\ln p(\tau)$. Double
    precision, whatever the precision of the run.
    """

    log_prices: Float[Array, "t n"]
    moments: Float[Array, "t n"]


def prefix(prices: NDArray[np.float64]) -> Prefix:
    """Prefix sums of a price matrix ``(t, n)``."""
    logs = np.log(prices)
    returns = np.diff(logs, axis=0, prepend=logs[:1])
    moments = np.cumsum(np.arange(len(logs))[:, None] * returns, axis=0)
    return Prefix(*jax.device_put((logs, moments)))


def log_growth(
    sums: Prefix,
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    chunk: int,
    period: int,
    first: Int[Array, ""],
    rows: NDArray[np.int64],
) -> Float[Array, " r"]:
    """ln of value over opening value at ``rows`` of the window that begins at row ``first`` of the
    data.

    ``starts`` and ``slopes`` are the weights at the start of each block of ``chunk`` minutes and
    their change a minute while they move, which is for ``period`` minutes. Runs compiled code where
    there is some; ``explicit`` defines the result.
    """
    if compiled():
        return kernels.log_growth(
            first, starts, slopes, sums.log_prices, sums.moments, (chunk, period), rows
        )
    return explicit(sums, starts, slopes, chunk, period, first, rows)


def explicit(
    sums: Prefix,
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    chunk: int,
    period: int,
    first: Int[Array, ""],
    rows: NDArray[np.int64],
) -> Float[Array, " r"]:
    """``log_growth``, on any device."""
    whole = np.arange(len(starts) - 1)
    minutes = np.full(len(whole), chunk)
    by_block = _within(sums, starts[whole], slopes[whole], first + whole * chunk, minutes, period)
    before = jnp.concatenate([jnp.zeros(1, by_block.dtype), jnp.cumsum(by_block)])
    block = rows // chunk
    return before[block] + _within(
        sums, starts[block], slopes[block], first + block * chunk, rows % chunk, period
    )


def _within(
    sums: Prefix,
    start: Float[Array, "r n"],
    slope: Float[Array, "r n"],
    begin: Int[Array, " r"],
    passed: NDArray[np.int64],
    period: int,
) -> Float[Array, " r"]:
    """ln growth over the first ``passed`` minutes of a block that begins at row ``begin``."""
    # The weight of minute k earns the return of minute k + 1: it moves for returns 1 to W + 1.
    rising = np.minimum(passed, period + 1)
    logs, moments = sums.log_prices[begin], sums.moments[begin]
    rise = sums.log_prices[begin + rising] - logs
    total = sums.log_prices[begin + passed] - logs
    moved = sums.moments[begin + rising] - moments - (begin + 1)[:, None] * rise
    first_moment = moved + period * (total - rise)
    gain = (start * total + slope * first_moment).sum(-1)
    steps = np.minimum(passed, period)[:, None]
    end = start + steps * slope
    cost = end * jnp.log(end) - start * jnp.log(start) - _slope_times_logs(start, slope, steps)
    return gain - cost.sum(-1)


def _slope_times_logs(
    start: Float[Array, "r n"], slope: Float[Array, "r n"], count: NDArray[np.int64]
) -> Float[Array, "r n"]:
    r"""$d\sum_{k=0}^{m-1}\ln(s + kd)$ for $m$ terms, to the precision of the weights.

    Summed from the lower end: the first 25 terms one by one, after which a step is at most 1/25 of
    the weight it starts from; the rest by the Euler–Maclaurin formula, whose integral times the
    slope, $h\ln h - l\ln l - dm$ from half a step before to half a step after, has no division.
    """
    rising = slope >= 0
    low = jnp.where(rising, start, start + (count - 1) * slope)
    step = jnp.where(rising, slope, -slope)
    index = np.arange(_EXPLICIT)
    terms = jnp.where(index < count[..., None], low[..., None] + index * step[..., None], 1)
    a, b, c, d, e = jnp.split(terms, 5, axis=-1)
    single = jnp.log(a * b * c * d * e).sum(-1)
    rest = np.maximum(count - _EXPLICIT, 0)
    below = low + (_EXPLICIT - 0.5) * step
    above = below + rest * step
    integral = above * jnp.log(above) - below * jnp.log(below)
    p, q = 1 / above, 1 / below
    square = step * step
    ends = (q - p) / 24 - square * (
        (q**3 - p**3) * (7 / 2880) - square * (q**5 - p**5) * (31 / 40320)
    )
    return slope * (single - rest + step * ends) + jnp.where(rising, integral, -integral)
