"""What untrained parameters score: a pool with parameters drawn at random."""

from collections.abc import Sequence

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.objective import judge
from quantamm_cli.evaluation.sets import batches
from quantamm_cli.pools.base import AbstractPool

Numbers = NDArray[np.float64]
DRAWS = 32
NOISE = 0.5
"""Standard deviation of a drawn parameter in raw units."""


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
    """Scores ``(draws,)`` by period and metric of parameters that nobody trained;
    a pure function of the seed.

    They lie around ``params``, one set to begin with as ``core.params.initial`` takes it, as
    initial parameters do but with a noise of 0.5. Periods are those of one continuous run.
    """
    drawn = initial(specs, params, draws + 1, assets, NOISE, seed)
    own = {name: values[1:] for name, values in drawn.items()}  # the first is what was given
    found = [jax.device_get(judge(pool, spans, names, batch, feed)) for batch in batches(own, feed)]
    return {
        period: {
            name: np.concatenate([np.asarray(part[period][name], np.float64) for part in found])[
                :draws
            ]
            for name in names
        }
        for period, _, _ in spans
    }


def beaten(score: float, others: Numbers) -> float:
    """The share of the others' scores that a score is above; those that are no numbers are beaten.

    NaN without any, or of no number.
    """
    known = np.asarray(others, np.float64)
    return float((~(known >= score)).mean()) if known.size and np.isfinite(score) else float("nan")
