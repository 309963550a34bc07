"""Scores over windows, periods and parameter sets: what training climbs
and what selection compares.
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
from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.curvature import trace
from quantamm_cli.engine.forward import Spans, days, simulate
from quantamm_cli.metrics import METRICS, reads_days, score
from quantamm_cli.metrics.costs import turnover
from quantamm_cli.pools.base import AbstractPool

Joined = Literal["mean", "min", "softmin"]


@dataclass(frozen=True)
class Aim:
    """What training climbs, as far as it shapes programs: a metric over
    windows of ``rows`` minutes.

    ``parts`` are spans of a window whose metrics are ``joined`` to one number; the window itself
    unless told. Of what ``trains`` the curvature is taken.
    """

    metric: str
    rows: int
    parts: Spans = ()
    joined: Joined = "mean"
    trains: frozenset[str] = frozenset()

    @property
    def spans(self) -> Spans:
        """The parts, or the window as the only one."""
        return self.parts or (("window", 0, self.rows),)


class Weights(NamedTuple):
    """The numbers of an objective; ``None`` marks what the program need not compute.

    ``turnover`` and ``curvature`` are what a unit of each costs;
    ``temperature`` is that of the soft minimum over parts.
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
    """Mean over windows of the metric, less what turnover and curvature cost;
    each window is a fresh pool.
    """

    def one(start: Int[Array, ""]) -> Float[Array, ""]:
        if weights.turnover is None and reads_days([aim.metric]):
            found = days(pool, params, feed, start, aim.spans)
            return joined(
                aim,
                weights,
                jnp.stack([METRICS[aim.metric].compute(part) for part in found.values()]),
            )
        path = simulate(pool, params, feed, start, aim.rows)
        with executor(feed.trading.executor):
            parts = [path.rows(first, last) for _, first, last in aim.spans]
            gain = joined(
                aim, weights, jnp.stack([METRICS[aim.metric].compute(part) for part in parts])
            )
        return gain if weights.turnover is None else gain - weights.turnover * turnover(path)

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


def climbed(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, ""]:
    """The objective of one set as training sees it: with the cost of curvature, if there is one."""
    gain = objective(aim, weights, pool, params, feed, starts)
    if weights.curvature is None:
        return gain
    return gain - weights.curvature * jnp.abs(
        hessian_trace(aim, weights, pool, params, feed, starts)
    )


def hessian_trace(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, ""]:
    """Trace of the Hessian of the objective of one set over the raw parameters that train.

    On JAX's own loops: compiled code has first derivatives only.
    """
    fixed = {name: value for name, value in params.items() if name not in aim.trains}
    plain = feed._replace(trading=feed.trading.on("scan"))

    def gain(moving: Params) -> Float[Array, ""]:
        return objective(aim, weights, pool, fixed | moving, plain, starts)

    return trace(gain, {name: value for name, value in params.items() if name in aim.trains})


@partial(jax.jit, static_argnames="aim")
def gains(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> Float[Array, " s"]:
    """Objective of every parameter set on the same windows; ``params`` holds ``(s, n)`` arrays."""
    return jax.vmap(partial(climbed, aim, weights, pool), in_axes=(0, None, None))(
        params, feed, starts
    )


@partial(jax.jit, static_argnames="aim")
def ascent(
    aim: Aim,
    weights: Weights,
    pool: AbstractPool,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
) -> tuple[Float[Array, " s"], Params]:
    """Objective and gradient of every parameter set on the same windows;
    ``params`` holds ``(s, n)`` arrays.
    """
    slope = jax.value_and_grad(partial(climbed, aim, weights, pool))
    return jax.vmap(slope, in_axes=(0, None, None))(params, feed, starts)


@partial(jax.jit, static_argnames=("spans", "names"))
def judge(
    pool: AbstractPool, spans: Spans, names: tuple[str, ...], params: Params, feed: Feed
) -> Mapping[str, Mapping[str, Float[Array, " s"]]]:
    """Metrics of every period and parameter set, all periods as one continuous run."""

    def one(values: Params) -> dict[str, dict[str, Float[Array, ""]]]:
        if reads_days(names):
            return {
                name: score(span, names)
                for name, span in days(pool, values, feed, 0, spans).items()
            }
        path = simulate(pool, values, feed, jnp.asarray(0), max(last for _, _, last in spans))
        with executor(feed.trading.executor):
            return {name: score(path.rows(first, last), names) for name, first, last in spans}

    # Sets share the overhead of a minute loop; whole columns of minutes are quicker,
    # and smaller, one set after another.
    together = reads_days(names) or feed.frictions is not None
    return jax.vmap(one)(params) if together else jax.lax.map(one, params)
