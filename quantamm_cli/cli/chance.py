"""The baseline of chance: what parameters come to that nobody trained."""

from typing import TYPE_CHECKING, Any

import numpy as np

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.tables import show_random
from quantamm_cli.reporting.names import SHOWN

if TYPE_CHECKING:
    from quantamm_cli.cli.evaluate import Asked
    from quantamm_cli.cli.result import Scored
    from quantamm_cli.core.types import Feed
    from quantamm_cli.settings.run import Train


def chance(asked: "Asked", scored: "Scored", console: Console) -> dict[str, Any]:
    """Show and tell their mean scores, as a benchmark, and by period and metric the share of them that the pool beats."""
    from quantamm_cli.cli.stored import selection_metric
    from quantamm_cli.evaluation.baseline import DRAWS, beaten
    from quantamm_cli.metrics import METRICS

    settings, own = asked.settings, scored.told["metrics"]
    metric = selection_metric(settings)
    cheap = (name for _, name, _ in SHOWN if METRICS[name].reads == "days")
    names = tuple(dict.fromkeys((metric, *cheap)))
    drawn = untrained(settings, scored.feed, names)
    means = {period: {name: _mean(column) for name, column in scores.items()} for period, scores in drawn.items()}
    shares = {period: {name: beaten(own[period][name], column) for name, column in scores.items()} for period, scores in drawn.items()}
    show_random(console, DRAWS, means, {period: found[metric] for period, found in shares.items()})
    return {"benchmarks": scored.told["benchmarks"] | {"random": means}, "random": {"draws": DRAWS, "beaten": shares}}


def untrained(settings: "Train", feed: "Feed", names: tuple[str, ...]) -> dict[str, dict[str, np.ndarray]]:
    """Scores by period and metric of parameters drawn around those that training begins with."""
    from quantamm_cli.cli.session import opening
    from quantamm_cli.evaluation.baseline import random_scores
    from quantamm_cli.pools.base import AbstractPool

    pool, (specs, begun) = AbstractPool.typed(settings.pool), opening(settings)
    centre = {name: values[0] for name, values in begun.items()}
    return random_scores(pool, specs, centre, len(settings.tokens), feed, settings.spans, names)


def _mean(column: np.ndarray) -> float:
    """Of what is finite; NaN if nothing is."""
    known = column[np.isfinite(column)]
    return float(known.mean()) if known.size else float("nan")
