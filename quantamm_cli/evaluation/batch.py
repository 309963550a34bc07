"""Many settings that are only numbers to a program, scored as one batch."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.objective import judge
from quantamm_cli.errors import ConfigError
from quantamm_cli.market.fees import NUMBERS
from quantamm_cli.metrics import reads_days
from quantamm_cli.settings.run import Simulate

MINUTES = 2**24
"""Points times minutes that go through one program at once: a gigabyte or so where a pool is
stepped minute by minute.
"""


def widest(variants: Sequence[Simulate]) -> Simulate:
    """Settings whose program serves all variants: what is zero in each of
    them, and only that, is zero.
    """
    most = {name: max(getattr(variant.fees, name) for variant in variants) for name in NUMBERS}
    return variants[0].model_copy(update={"fees": variants[0].fees.replace(**most)})


def scored(
    variants: Sequence[Simulate],
    params: Mapping[str, np.ndarray],
    feed: Feed,
    spans: Spans,
    names: tuple[str, ...],
) -> dict[str, dict[str, np.ndarray]]:
    """Metrics (points,) by period and name; a variant a point, ``params`` (points, …), and the
    ``feed`` of the widest settings.

    So many points go at once as memory allows; the last batch is filled up,
    so that one program serves.

    Raises:
        ConfigError: variants differ in more than numbers, or in a friction
            that is read from a file.
    """
    count, rows = len(variants), max(last for _, _, last in spans)
    shape, fixed, moving = _columns(
        [_numbers(variant, feed) for variant in variants], feed.prices.dtype
    )
    size = min(count, max(1, MINUTES // rows))
    parts = []
    for first in range(0, count, size):
        some = np.minimum(np.arange(first, first + size), count - 1)
        numbers = {index: column[some] for index, column in moving.items()}
        values = {name: column[some].astype(feed.prices.dtype) for name, column in params.items()}
        parts.append(jax.device_get(_judge(shape, spans, names, fixed, numbers, values, feed)))
    return {
        period: {
            name: np.concatenate([np.asarray(part[period][name], float) for part in parts])[:count]
            for name in names
        }
        for period, _, _ in spans
    }


def _numbers(variant: Simulate, feed: Feed) -> Any:
    """All that a program takes of settings as numbers."""
    frictions = feed.frictions
    if frictions is not None:
        single = [
            name
            for name in NUMBERS
            if (value := getattr(frictions, name)) is not None and not np.ndim(value)
        ]
        frictions = frictions._replace(**{name: getattr(variant.fees, name) for name in single})
    return variant.pool, frictions, variant.initial_pool_value


def _columns(told: Sequence[Any], dtype: Any) -> tuple[Any, dict[int, Any], dict[int, np.ndarray]]:
    """The tree's shape, and by place the leaves that are alike and those that differ,
    these as columns (points,).
    """
    leaves, shape = jax.tree.flatten(told[0])
    if len({jax.tree.structure(each) for each in told}) > 1:
        raise ConfigError(
            "grid",
            "a setting of it is more than a number to the program; run each of "
            "its values: -m NAME=1,2",
        )
    rows = [jax.tree.leaves(each) for each in told]
    fixed: dict[int, Any] = {}
    moving: dict[int, np.ndarray] = {}
    for index, first in enumerate(leaves):
        if all(row[index] is first or (not np.ndim(first) and row[index] == first) for row in rows):
            fixed[index] = first
        else:
            moving[index] = np.array([row[index] for row in rows], dtype)
    return shape, fixed, moving


@partial(jax.jit, static_argnames=("shape", "spans", "names"))
def _judge(
    shape: Any,
    spans: Spans,
    names: tuple[str, ...],
    fixed: dict[int, Any],
    moving: dict[int, Array],
    params: Params,
    feed: Feed,
) -> Any:
    """Metrics (points,) by period and name.

    ``fixed`` and ``moving`` are the tree's leaves by place.
    """

    def one(numbers: dict[int, Array], values: Params) -> Any:
        leaves = fixed | numbers
        pool, frictions, worth = jax.tree.unflatten(
            shape, [leaves[index] for index in range(len(leaves))]
        )
        own = feed._replace(
            frictions=frictions, initial_pool_value=jnp.asarray(worth, feed.prices.dtype)
        )
        alone = judge(
            pool, spans, names, {name: value[None] for name, value in values.items()}, own
        )
        return jax.tree.map(lambda column: column[0], alone)

    if reads_days(names) or feed.frictions is not None:
        return jax.vmap(one)(moving, params)
    return jax.lax.map(lambda point: one(*point), (moving, params))
