"""Checks the inputs of a run other than prices against its pool, before any price is read."""

from typing import Any

import numpy as np

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.suggestions import did_you_mean


def check_inputs(settings: Simulate) -> None:
    """Raise ConfigError for frictions or trades that the pool does not take, for a series that it
    or scores read and the data lack, and for an initial state of another pool.
    """
    from quantamm_cli.engine.feed import refuse
    from quantamm_cli.engine.left import goes_on
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
    if goes_on(settings):
        _check_left(pool, settings)
    elif settings.initial_state:
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


def _check_left(pool: Any, settings: Simulate) -> None:
    """Raise ConfigError unless the pool that another run left is such a pool as this one."""
    from quantamm_cli.engine.left import like, start_of

    if isinstance(settings, Train):
        raise ConfigError("state", "is for qsim simulate; a training opens a pool in each window")
    if not pool.goes_on:
        raise ConfigError("state", f"pool={pool.kind} cannot be taken up where a run left it")
    earlier = start_of(settings)
    assert earlier is not None
    if not like(earlier.left, _left_shapes(pool, settings)):
        raise ConfigError(
            "state",
            f"is of another pool than pool={pool.kind} of {', '.join(settings.tokens)} with these "
            "settings; give the settings of the run that left it",
        )


def _left_shapes(pool: Any, settings: Simulate) -> Any:
    """What such a pool leaves, without computing anything."""
    import jax

    from quantamm_cli.engine.forward import ended
    from quantamm_cli.market.fees import Fees

    params, feed = _traced(pool, settings.tokens, Fees.typed(settings.fees).do_arb)
    return jax.eval_shape(lambda params, feed: ended(pool, params, feed, 0, 2)[1], params, feed)


def estimators(pool: Any, assets: int) -> tuple[str, ...]:
    """Names of the state of a pool's rule, found by tracing it, without computing anything."""
    import jax

    params, feed = _traced(pool, tuple(map(str, range(assets))), True)
    return tuple(jax.eval_shape(pool.readouts, params, feed))


def _traced(pool: Any, tokens: tuple[str, ...], do_arb: bool) -> tuple[Any, Any]:
    """Shapes of the parameters and of a feed of the pool."""
    import jax
    import jax.numpy as jnp

    from quantamm_cli.core.types import Feed, Trading

    assets = len(tokens)

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
        trading=Trading(do_arb=do_arb),
        series=dict.fromkeys(pool.looks_at, shaped(2, assets)),
        layout=_layout(pool, tokens),
    )
    return params, feed


def _layout(pool: Any, tokens: tuple[str, ...]) -> Any:
    from quantamm_cli.core.types import Layout

    try:
        return pool.layout(tokens)
    except ValueError:  # the names of the tokens are not known
        return Layout()
