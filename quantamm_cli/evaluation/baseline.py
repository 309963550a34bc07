"""Scores of a pool with random parameters, as a baseline for training."""

from collections.abc import Sequence

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.objective import period_scores
from quantamm_cli.evaluation.sets import batches, joined_scores
from quantamm_cli.pools.base import AbstractPool

Numbers = NDArray[np.float64]
DRAWS = 32
NOISE = 0.5
"""Standard deviation of the random parameters, in raw units."""


def random_scores(
    pool: AbstractPool,
    specs: Sequence[Parameter],
    params: ParamValues,
    assets: int,
    feed: Feed,
    spans: Spans,
    names: tuple[str, ...],
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, dict[str, Numbers]]:
    """Scores ``(draws,)`` by period and metric of random parameters; a pure function of the seed.

    Parameters are drawn around ``params``, one set as ``core.params.initial`` takes it, like
    initial parameters but with a noise of 0.5. Periods are those of one continuous run.
    """
    drawn = initial(specs, params, draws + 1, assets, NOISE, seed)
    random = {name: values[1:] for name, values in drawn.items()}  # the first set is ``params``
    parts = [
        jax.device_get(period_scores(pool, spans, names, batch, feed))
        for batch in batches(random, feed)
    ]
    return joined_scores(parts, spans, names, draws)


def beaten(score: float, others: Numbers) -> float:
    """The share of ``others`` that ``score`` is above; it is above NaN.

    NaN if there are no others, or the score is not finite.
    """
    scores = np.asarray(others, np.float64)
    if not scores.size or not np.isfinite(score):
        return float("nan")
    return float((~(scores >= score)).mean())
