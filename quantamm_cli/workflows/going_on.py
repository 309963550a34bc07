"""Where a stored run left its pool, at any minute of it."""

import jax

from quantamm_cli.core.types import ParamValues
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import ended
from quantamm_cli.engine.left import nested
from quantamm_cli.errors import ArgumentError, ConfigError
from quantamm_cli.evaluation.sets import arrays
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.runtime import start_jax


def state_at(settings: Train, params: ParamValues, end: str | None) -> JsonObject:
    """The state of a run's pool with these raw parameters before the minute ``end``, by default at
    the end of its last period.

    Raises:
        ConfigError: the run has not begun by then, or its pool cannot be taken up.
        DataError: the prices are missing.
    """
    pool, until = AbstractPool.typed(settings.pool), end or last_date(settings)
    if not pool.goes_on:
        raise ArgumentError("continue", f"pool={pool.kind} cannot be taken up where a run left it")
    rows = minute(until) - minute(settings.start)
    if rows < 1:
        raise ConfigError("start", f"{until} is not after the start of the run ({settings.start})")
    start_jax()
    inputs = feed(settings, load_market(settings, until))
    program = jax.jit(ended, static_argnames="rows")
    _, left, since = program(pool, arrays(params, inputs), inputs, 0, rows=rows)
    return {"end": date_text(minute(until)), **nested(jax.device_get(left), int(since) + 1)}
