"""Scores over windows, periods and parameter sets: the objective of training, and the metrics that
selection compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Daily, Feed, Params, Trajectory
from quantamm_cli.engine.curvature import trace
from quantamm_cli.engine.forward import Spans, days, length, parts, simulate
from quantamm_cli.metrics import reads_days, score
from quantamm_cli.metrics.costs import turnover
from quantamm_cli.pools.base import AbstractPool

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


def objective(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, ""]:
    """Mean over windows of the metric, less the cost of turnover; each window starts a new pool."""

    def compute(part: Trajectory | Daily) -> Float[Array, ""]:
        return score(part, [aim.metric])[aim.metric]

    def one(start: Int[Array, ""]) -> Float[Array, ""]:
        if weights.turnover is None and reads_days([aim.metric]):
            sampled = days(pool, params, feed, start, aim.spans)
            return joined(aim, weights, jnp.stack([*map(compute, sampled.values())]))
        path = simulate(pool, params, feed, start, aim.rows)
        with executor(feed.trading.executor):
            by_span = parts(path, aim.spans)
            gain = joined(aim, weights, jnp.stack([*map(compute, by_span.values())]))
        if weights.turnover is None:
            return gain
        return gain - weights.turnover * turnover(path)

    return jax.vmap(one)(starts).mean()


def joined(aim: Aim, weights: Weights, gains: Float[Array, " parts"]) -> Float[Array, ""]:
    r"""One number of the parts' metrics $m_i$: their mean, the least, or
    $\sum_i m_i\,\mathrm{softmax}(-m/\tau)_i$.
    """
    if aim.joined == "mean":
        return gains.mean()
    if aim.joined == "min":
        return gains.min()
    assert weights.temperature is not None
    return (gains * jax.nn.softmax(-gains / weights.temperature)).sum()


def penalised(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, ""]:
    """The objective of one set, less the cost of curvature if there is one."""
    gain = objective(aim, weights, pool, params, feed, starts)
    if weights.curvature is None:
        return gain
    curvature = hessian_trace(aim, weights, pool, params, feed, starts)
    return gain - weights.curvature * jnp.abs(curvature)


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
        return objective(aim, weights, pool, params | moving, scanned, starts)

    return trace(gain, {name: value for name, value in params.items() if name in aim.trains})


@program("aim")
def gains(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, " s"]:
    """Objective of every parameter set on the same windows; ``params`` are ``(s, n)`` arrays."""
    return jax.vmap(partial(penalised, aim, weights, pool), in_axes=(0, None, None))(
        params, feed, starts
    )


@program("aim")
def ascent(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> tuple[Float[Array, " s"], Params]:
    """Objective and gradient of every parameter set on the same windows; ``params`` are ``(s, n)``
    arrays.
    """
    slope = jax.value_and_grad(partial(penalised, aim, weights, pool))
    return jax.vmap(slope, in_axes=(0, None, None))(params, feed, starts)


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
