"""What parameters come to that nobody trained."""

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
from quantamm_cli.workflows.selection import selection_metric
from quantamm_cli.workflows.training_run import opening

Scores = dict[str, dict[str, float]]
"""By period and metric."""


@dataclass(frozen=True)
class RandomBaseline:
    """Mean scores of random parameters, and the share of them that the pool is above."""

    metric: str
    means: Scores
    beaten: Scores

    def table(self) -> Table:
        """With the share for the metric that selects."""
        return random_table(
            DRAWS,
            self.means,
            {period: shares[self.metric] for period, shares in self.beaten.items()},
        )


def random_baseline(settings: Train, scored: Scored) -> RandomBaseline:
    """Of the metrics that are cheap, and the one that selects."""
    metric = selection_metric(settings)
    cheap = (name for _, name, _ in SHOWN if METRICS[name].reads == "days")
    drawn = untrained(settings, scored.feed, tuple(dict.fromkeys((metric, *cheap))))
    means = {
        period: {name: _mean(column) for name, column in scores.items()}
        for period, scores in drawn.items()
    }
    own = scored.metrics
    shares = {
        period: {name: beaten(own[period][name], column) for name, column in scores.items()}
        for period, scores in drawn.items()
    }
    return RandomBaseline(metric, means, shares)


def untrained(
    settings: Train, feed: Feed, names: tuple[str, ...]
) -> dict[str, dict[str, np.ndarray]]:
    """Scores by period and metric of parameters drawn around those that training begins with."""
    pool, (specs, begun) = AbstractPool.typed(settings.pool), opening(settings)
    centre = {name: values[0] for name, values in begun.items()}
    return random_scores(pool, specs, centre, len(settings.tokens), feed, settings.spans, names)


def _mean(column: np.ndarray) -> float:
    """Of what is finite; NaN if nothing is."""
    known = column[np.isfinite(column)]
    return float(known.mean()) if known.size else float("nan")
