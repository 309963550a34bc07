"""Scores many settings that differ in numbers only, as one batch of one program."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.objective import period_scores
from quantamm_cli.errors import ConfigError
from quantamm_cli.evaluation.sets import joined_scores, rows_of
from quantamm_cli.market.fees import NUMBERS
from quantamm_cli.metrics import reads_days
from quantamm_cli.settings.run import Simulate

MINUTES = 2**24
"""The largest product of points and minutes in one program: about a gigabyte for a pool that runs
minute by minute.
"""


def widest(variants: Sequence[Simulate]) -> Simulate:
    """Settings whose program serves all variants: a friction is zero only if it is zero in each."""
    largest = {}
    for name in NUMBERS:
        largest[name] = max(getattr(variant.fees, name) for variant in variants)
    return variants[0].model_copy(update={"fees": variants[0].fees.replace(**largest)})


def scored(
    variants: Sequence[Simulate],
    params: Mapping[str, np.ndarray],
    feed: Feed,
    spans: Spans,
    names: tuple[str, ...],
) -> dict[str, dict[str, np.ndarray]]:
    """Metrics (points,) by period and name; one point for each variant and each row of ``params``
    (points, …). ``feed`` is that of the widest settings.

    A batch has as many points as memory allows; the last one is filled up, so that all batches have
    one program.

    Raises:
        ConfigError: variants differ in more than numbers, or in a friction that comes from a file.
    """
    count, dtype = len(variants), feed.prices.dtype
    trees = [_numbers(variant, feed) for variant in variants]
    shape, fixed, moving = _columns(trees, dtype)
    size = min(count, max(1, MINUTES // rows_of(spans)))
    parts = []
    for first in range(0, count, size):
        points = np.minimum(np.arange(first, first + size), count - 1)
        numbers = {index: column[points] for index, column in moving.items()}
        values = {name: column[points].astype(dtype) for name, column in params.items()}
        parts.append(
            jax.device_get(_point_scores(shape, spans, names, fixed, numbers, values, feed))
        )
    return joined_scores(parts, spans, names, count)


def _numbers(variant: Simulate, feed: Feed) -> Any:
    """The tree of all settings that are numbers to a program."""
    frictions = feed.frictions
    if frictions is not None:
        for name in NUMBERS:
            value = getattr(frictions, name)
            if value is not None and not np.ndim(value):
                frictions = frictions._replace(**{name: getattr(variant.fees, name)})
    return variant.pool, frictions, variant.initial_pool_value


def _columns(trees: Sequence[Any], dtype: Any) -> tuple[Any, dict[int, Any], dict[int, np.ndarray]]:
    """The trees' shape, and by index their leaves: those that are equal, and those that differ, as
    columns (points,).
    """
    leaves, shape = jax.tree.flatten(trees[0])
    if len(set(map(jax.tree.structure, trees))) > 1:
        raise ConfigError(
            "grid",
            "has a setting that is more than a number to the program; run each of its values: "
            "-m NAME=1,2",
        )
    fixed: dict[int, Any] = {}
    moving: dict[int, np.ndarray] = {}
    columns = zip(*map(jax.tree.leaves, trees), strict=True)
    for index, (first, column) in enumerate(zip(leaves, columns, strict=True)):
        if all(leaf is first or (not np.ndim(first) and leaf == first) for leaf in column):
            fixed[index] = first
        else:
            moving[index] = np.array(column, dtype)
    return shape, fixed, moving


@program("shape", "spans", "names")
def _point_scores(
    shape: Any,
    spans: Spans,
    names: tuple[str, ...],
    fixed: dict[int, Any],
    moving: dict[int, Array],
    params: Params,
    feed: Feed,
) -> Any:
    """Metrics (points,) by period and name.

    ``fixed`` and ``moving`` are the tree's leaves by index.
    """

    def one(numbers: dict[int, Array], values: Params) -> Any:
        leaves = fixed | numbers
        pool, frictions, value = jax.tree.unflatten(
            shape, [leaves[index] for index in range(len(leaves))]
        )
        opening = jnp.asarray(value, feed.prices.dtype)
        own = feed._replace(frictions=frictions, initial_pool_value=opening)
        sets = jax.tree.map(lambda value: value[None], values)
        scores = period_scores(pool, spans, names, sets, own)
        return jax.tree.map(lambda column: column[0], scores)

    if reads_days(names) or feed.frictions is not None:
        return jax.vmap(one)(moving, params)
    return jax.lax.map(lambda point: one(*point), (moving, params))
