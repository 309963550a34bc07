"""Parameter sets as arguments of programs, and the scores that come back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.types import Feed, Params, ParamValues
from quantamm_cli.engine.forward import Spans

_BATCH = 8
"""Sets that run side by side; the minutes of more could exceed the memory."""


def arrays(params: ParamValues, feed: Feed) -> Params:
    """Raw parameters in the precision of the feed."""
    return {name: jnp.asarray(value, feed.prices.dtype) for name, value in params.items()}


def batches(params: Mapping[str, Numbers], feed: Feed) -> Iterator[Params]:
    """Raw parameters ``(sets, …)`` in batches; the last one is filled up with the last set, so that
    one program serves all.
    """
    sets = len(next(iter(params.values())))
    for begin in range(0, sets, _BATCH):
        rows = np.minimum(np.arange(begin, begin + _BATCH), sets - 1)
        yield arrays({name: values[rows] for name, values in params.items()}, feed)


def joined_scores(
    parts: Sequence[Any], spans: Spans, names: Sequence[str], count: int
) -> dict[str, dict[str, np.ndarray]]:
    """The first ``count`` scores of all parts, by period and metric; those of the filled-up batch
    are dropped.
    """
    scores: dict[str, dict[str, np.ndarray]] = {}
    for period, _, _ in spans:
        scores[period] = {}
        for name in names:
            columns = [part[period][name] for part in parts]
            scores[period][name] = np.concatenate(columns, dtype=np.float64)[:count]
    return scores


def rows_of(spans: Spans) -> int:
    """The length of a run through all periods."""
    return max(last for _, _, last in spans)
