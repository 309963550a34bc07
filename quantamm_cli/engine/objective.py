"""Scores over windows, periods and parameter sets: what training climbs and what selection compares."""

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.forward import Spans, days, simulate
from quantamm_cli.metrics import METRICS, reads_days, score
from quantamm_cli.metrics.costs import turnover
from quantamm_cli.pools.base import AbstractPool


def objective(
    pool: AbstractPool, metric: str, penalty: Float[Array, ""] | None, rows: int, params: Params, feed: Feed, starts: Int[Array, " w"]
) -> Float[Array, ""]:
    """Mean over windows of the metric, less ``penalty`` times the turnover; each window is a fresh pool."""

    def one(start: Int[Array, ""]) -> Float[Array, ""]:
        if penalty is None and reads_days([metric]):
            return METRICS[metric].compute(days(pool, params, feed, start, (("window", 0, rows),))["window"])
        path = simulate(pool, params, feed, start, rows)
        with executor(feed.trading.executor):
            gain = METRICS[metric].compute(path)
        return gain if penalty is None else gain - penalty * turnover(path)

    return jax.vmap(one)(starts).mean()


@partial(jax.jit, static_argnames=("metric", "rows"))
def ascent(
    pool: AbstractPool, metric: str, penalty: Float[Array, ""] | None, rows: int, params: Params, feed: Feed, starts: Int[Array, " w"]
) -> tuple[Float[Array, " s"], Params]:
    """Objective and gradient of every parameter set on the same windows; ``params`` holds ``(s, n)`` arrays."""
    slope = jax.value_and_grad(partial(objective, pool, metric, penalty, rows))
    return jax.vmap(slope, in_axes=(0, None, None))(params, feed, starts)


@partial(jax.jit, static_argnames=("spans", "names"))
def judge(
    pool: AbstractPool, spans: Spans, names: tuple[str, ...], params: Params, feed: Feed
) -> Mapping[str, Mapping[str, Float[Array, " s"]]]:
    """Metrics of every period and parameter set, all periods as one continuous run."""

    def one(values: Params) -> dict[str, dict[str, Float[Array, ""]]]:
        if reads_days(names):
            return {name: score(span, names) for name, span in days(pool, values, feed, 0, spans).items()}
        path = simulate(pool, values, feed, jnp.asarray(0), max(last for _, _, last in spans))
        with executor(feed.trading.executor):
            return {name: score(path.rows(first, last), names) for name, first, last in spans}

    # Sets share the overhead of a minute loop; whole columns of minutes are quicker, and smaller, one set after another.
    together = reads_days(names) or feed.frictions is not None
    return jax.vmap(one)(params) if together else jax.lax.map(one, params)
