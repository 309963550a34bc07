"""Checks the inputs of a run other than prices against its pool, before any price is read."""

from typing import Any

import numpy as np

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.suggestions import did_you_mean


def check_inputs(settings: Simulate) -> None:
    """Raise ConfigError for frictions or trades that the pool does not take, for a series that it
    or scores read and the data lack, and for an initial state of another pool.
    """
    from quantamm_cli.engine.feed import refuse
    from quantamm_cli.market import Source
    from quantamm_cli.pools.base import AbstractPool

    pool, source = AbstractPool.typed(settings.pool), Source.typed(settings.data)
    refuse(settings)
    for name in pool.looks_at:
        if name not in source.series and name not in source.offers:
            near = did_you_mean(name, source.series)
            raise ConfigError(
                f"data.series.{name}",
                f"pool={pool.kind} reads the series {name}, which data does not have{near}; write "
                f"data.series.{name}=FILE (parquet or CSV: a column unix, and one a token "
                "or one called value)",
            )
    rate = settings.scoring.riskless
    if isinstance(rate, str) and rate not in source.series:
        raise ConfigError(
            "scoring.riskless",
            f"'{rate}' is neither a number nor a series{did_you_mean(rate, source.series)}; write "
            f"a fraction a year, or scoring.riskless=NAME with data.series.NAME=FILE (parquet or "
            "CSV: columns unix and value)",
        )
    if settings.initial_state:
        _check_state(pool, settings)


def _check_state(pool: Any, settings: Simulate) -> None:
    known = pool.keeps or estimators(pool, len(settings.tokens))
    if not known:
        raise ConfigError(
            "initial_state", f"pool={pool.kind} has no state but its reserves; leave it out"
        )
    state, assets = settings.initial_state, len(settings.tokens)
    names = ", ".join(known)
    for name, value in state.items():
        place = f"initial_state.{name}"
        if name not in known:
            raise ConfigError(
                place,
                f"not in the state of this pool{did_you_mean(name, known)} (there are: {names})",
            )
        if isinstance(value, tuple) and (
            len(value) not in (1, assets) or not all(isinstance(item, float) for item in value)
        ):
            raise ConfigError(
                place,
                f"has {len(value)} values; expected one number, or {assets} (one a token)",
            )
        if name in pool.keeps and np.min(value) <= 0:
            raise ConfigError(place, f"{np.min(value):g} is not above zero")
    missing = [name for name in known if name not in state]
    if missing:
        raise ConfigError(
            f"initial_state.{missing[0]}", f"is missing; a state of this pool has all of: {names}"
        )


def estimators(pool: Any, assets: int) -> tuple[str, ...]:
    """Names of the state of a pool's rule, found by tracing it, without computing anything."""
    import jax
    import jax.numpy as jnp

    from quantamm_cli.core.types import Feed, Trading

    def shaped(*shape: int, dtype: Any = jnp.float32) -> Any:
        return jax.ShapeDtypeStruct(shape, dtype)

    params = {spec.name: shaped(*spec.shape(assets)) for spec in pool.parameters(assets)}
    feed = Feed(
        prices=shaped(2, assets),
        chunks=shaped(2, assets),
        first_chunk=shaped(dtype=jnp.int32),
        burn_in=shaped(dtype=jnp.int32),
        initial_pool_value=shaped(),
        frictions=None,
        prefix=None,
        trading=Trading(),
        series=dict.fromkeys(pool.looks_at, shaped(2, assets)),
    )
    return tuple(jax.eval_shape(pool.readouts, params, feed))
