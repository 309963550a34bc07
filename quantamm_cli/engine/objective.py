"""Scores over windows, periods and parameter sets: the objective of training, and the metrics that
selection compares.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Daily, Feed, Params, Trajectory
from quantamm_cli.engine.curvature import trace
from quantamm_cli.engine.forward import Spans, days, length, parts, simulate
from quantamm_cli.metrics import reads_days, score
from quantamm_cli.metrics.costs import turnover
from quantamm_cli.pools.base import AbstractPool

T = TypeVar("T")
Joined = Literal["mean", "min", "softmin"]
Scores = Mapping[str, Mapping[str, Float[Array, " s"]]]
"""One score a set, by period and metric."""


@dataclass(frozen=True)
class Aim:
    """The static part of the objective of training: a metric over windows of ``rows`` minutes.

    ``parts`` are spans of a window, by default all of it; their metrics are ``joined`` to one
    number. ``trains`` are the parameters over which the curvature is taken.
    """

    metric: str
    rows: int
    parts: Spans = ()
    joined: Joined = "mean"
    trains: frozenset[str] = frozenset()

    @property
    def spans(self) -> Spans:
        """The parts, or the window as the only part."""
        return self.parts or (("window", 0, self.rows),)


class Weights(NamedTuple):
    """The numbers of an objective; the program does not compute what is ``None``.

    ``turnover`` and ``curvature`` are the costs of one unit of each; ``temperature`` is that of the
    soft minimum over parts.
    """

    turnover: Float[Array, ""] | None = None
    curvature: Float[Array, ""] | None = None
    temperature: Float[Array, ""] | None = None


class Gain(NamedTuple):
    """An objective, and the number of windows it is the mean of.

    A window on which the metric does not exist is left out; without any other the objective is
    NaN, and its gradient zero. A window whose pool has no finite value is not left out: its set has
    diverged.
    """

    value: Float[Array, "*s"]
    windows: Float[Array, "*s"]


def objective(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Gain:
    """Mean over windows of the metric, less the cost of turnover; each window starts a new pool."""

    def one(start: Int[Array, ""]) -> tuple[Float[Array, ""], Bool[Array, ""]]:
        if weights.turnover is None and reads_days([aim.metric]):
            sampled = days(pool, params, feed, start, aim.spans)
            return _gain(aim, weights, sampled.values())
        path = simulate(pool, params, feed, start, aim.rows)
        with executor(feed.trading.executor):
            gain, counts = _gain(aim, weights, parts(path, aim.spans).values())
        if weights.turnover is None:
            return gain, counts
        cost = turnover(_held(counts, path))
        return gain - weights.turnover * cost, counts

    gains, counts = jax.vmap(one)(starts)
    return Gain(_mean(gains, counts), counts.sum(dtype=gains.dtype))


def _gain(
    aim: Aim, weights: Weights, windows: Iterable[Trajectory | Daily]
) -> tuple[Float[Array, ""], Bool[Array, ""]]:
    """The metrics of a window's parts as one number; and whether any part has one."""
    gains, counts = zip(*(_score(aim.metric, window) for window in windows), strict=True)
    exist = jnp.stack(counts)
    return joined(aim, weights, jnp.stack(gains), exist), exist.any()


def _score(metric: str, window: Trajectory | Daily) -> tuple[Float[Array, ""], Bool[Array, ""]]:
    """The metric of a window, and whether it counts: it exists, or the pool has diverged."""
    if isinstance(window, Trajectory):
        window = window.per_share()
    values = jnp.append(window.days, window.last.value)
    if isinstance(window, Trajectory):
        values = window.value
    alive = (jnp.isfinite(values) & (values > 0)).all()
    probe = score(jax.lax.stop_gradient(window), [metric])[metric]
    counts = ~alive | jnp.isfinite(probe)
    return score(_held(counts, window), [metric])[metric], counts


def _held(counts: Bool[Array, ""], window: T) -> T:
    """The same window, with gradient zero unless it counts.

    A gradient through a formula without a value is NaN, which no later factor of zero removes.
    """

    def held(column: Array) -> Array:
        return jnp.where(counts, column, jax.lax.stop_gradient(column))

    same: T = jax.tree.map(held, window)
    return same


def _mean(gains: Float[Array, " w"], counts: Bool[Array, " w"]) -> Float[Array, ""]:
    """The mean of the gains that count; NaN without any."""
    count = counts.sum(dtype=gains.dtype)
    some = jnp.where(counts, gains, 0).sum() / jnp.maximum(count, 1)
    return jnp.where(counts.all(), gains.mean(), jnp.where(count > 0, some, jnp.nan))


def joined(
    aim: Aim, weights: Weights, gains: Float[Array, " parts"], counts: Bool[Array, " parts"]
) -> Float[Array, ""]:
    r"""One number of the parts' metrics $m_i$ that count: their mean, the least, or
    $\sum_i m_i\,\mathrm{softmax}(-m/\tau)_i$; NaN without any.
    """
    if aim.joined == "mean":
        return _mean(gains, counts)
    most = jnp.where(counts, gains, jnp.inf)
    if aim.joined == "min":
        return jnp.where(counts.any(), most.min(), jnp.nan)
    assert weights.temperature is not None
    shares = jax.nn.softmax(-most / weights.temperature)
    total = (jnp.where(counts, gains, 0) * shares).sum()
    return jnp.where(counts.any(), total, jnp.nan)


def penalised(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Gain:
    """The objective of one set, less the cost of curvature if there is one."""
    gain = objective(aim, weights, pool, params, feed, starts)
    if weights.curvature is None:
        return gain
    curvature = hessian_trace(aim, weights, pool, params, feed, starts)
    return gain._replace(value=gain.value - weights.curvature * jnp.abs(curvature))


def hessian_trace(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, ""]:
    """The trace of the Hessian of the objective of one set over the raw parameters that train.

    It runs JAX's loops: compiled code has first derivatives only.
    """
    scanned = feed._replace(trading=feed.trading.on("scan"))

    def gain(moving: Params) -> Float[Array, ""]:
        return objective(aim, weights, pool, params | moving, scanned, starts).value

    return trace(gain, {name: value for name, value in params.items() if name in aim.trains})


@program("aim")
def gains(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Gain:
    """Objective of every parameter set on the same windows; ``params`` are ``(s, n)`` arrays."""
    by_set: Gain = jax.vmap(partial(penalised, aim, weights, pool), in_axes=(0, None, None))(
        params, feed, starts
    )
    return by_set


@program("aim")
def ascent(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> tuple[Gain, Params]:
    """Objective and gradient of every parameter set on the same windows; ``params`` are ``(s, n)``
    arrays.
    """

    def loss(values: Params, feed: Feed, starts: Int[Array, " w"]) -> tuple[Array, Gain]:
        gain = penalised(aim, weights, pool, values, feed, starts)
        return gain.value, gain

    slope = jax.value_and_grad(loss, has_aux=True)
    (_, gain), slopes = jax.vmap(slope, in_axes=(0, None, None))(params, feed, starts)
    return gain, slopes


@program("spans", "names")
def period_scores(
    pool: AbstractPool, spans: Spans, names: tuple[str, ...], params: Params, feed: Feed
) -> Scores:
    """Metrics of every period and parameter set; all periods are one continuous run."""

    def one(values: Params) -> dict[str, dict[str, Float[Array, ""]]]:
        if reads_days(names):
            by_span = days(pool, values, feed, 0, spans)
            return {name: score(span, names) for name, span in by_span.items()}
        path = simulate(pool, values, feed, jnp.asarray(0), length(spans))
        with executor(feed.trading.executor):
            return {name: score(part, names) for name, part in parts(path, spans).items()}

    # In a minute loop sets share the overhead; without one, columns of minutes are faster and need
    # less memory one set after another.
    if reads_days(names) or feed.frictions is not None:
        return jax.vmap(one)(params)
    scores: Scores = jax.lax.map(one, params)
    return scores
