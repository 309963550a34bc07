"""Scores of random parameters, which the pool is compared with."""

from dataclasses import dataclass

import numpy as np

from quantamm_cli.core.types import Feed
from quantamm_cli.evaluation.baseline import DRAWS, beaten, random_scores
from quantamm_cli.metrics import METRICS
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.names import SHOWN
from quantamm_cli.reporting.run_tables import random_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.assessment import Scored
from quantamm_cli.workflows.training_run import initial_parameters

Scores = dict[str, dict[str, float]]
"""By period, then metric."""


@dataclass(frozen=True)
class RandomBaseline:
    """Mean scores of random parameters, and the share of them that the pool beats."""

    metric: str
    means: Scores
    beaten: Scores

    def table(self) -> Table:
        """Mean scores, and the share beaten on the metric that selects."""
        shares = {period: scores[self.metric] for period, scores in self.beaten.items()}
        return random_table(DRAWS, self.means, shares)


def random_baseline(settings: Train, scored: Scored) -> RandomBaseline:
    """Random parameters beside the pool, on the cheap metrics and the one that selects."""
    metric = settings.selection_metric
    cheap = (name for _, name, _ in SHOWN if METRICS[name].reads == "days")
    means: Scores = {}
    shares: Scores = {}
    drawn = untrained_scores(settings, scored.feed, tuple(dict.fromkeys((metric, *cheap))))
    for period, columns in drawn.items():
        pool, means[period], shares[period] = scored.metrics[period], {}, {}
        for name, column in columns.items():
            means[period][name] = _finite_mean(column)
            shares[period][name] = beaten(pool[name], column)
    return RandomBaseline(metric, means, shares)


def untrained_scores(
    settings: Train, feed: Feed, names: tuple[str, ...]
) -> dict[str, dict[str, np.ndarray]]:
    """Scores, by period and metric, of parameters drawn around those that training begins with."""
    pool, (specs, sets) = AbstractPool.typed(settings.pool), initial_parameters(settings)
    centre = {name: values[0] for name, values in sets.items()}
    return random_scores(pool, specs, centre, len(settings.tokens), feed, settings.spans, names)


def _finite_mean(column: np.ndarray) -> float:
    """The mean of the finite values; NaN if there are none."""
    known = column[np.isfinite(column)]
    return float(known.mean()) if known.size else float("nan")
