"""Results in the form that plots and pages read."""

from dataclasses import replace

import numpy as np

from quantamm_cli.metrics import METRICS
from quantamm_cli.reporting.periods import Period, dated
from quantamm_cli.reporting.run import Subject
from quantamm_cli.settings.types import minute
from quantamm_cli.workflows.assessment import Scored, columns
from quantamm_cli.workflows.evaluate import EvaluationResult
from quantamm_cli.workflows.selection import Selection, all_selections


def pool_subject(scored: Scored, name: str, periods: tuple[Period, ...]) -> Subject:
    """One pool over its periods."""
    supply = scored.assessment.trajectory.supply
    units = {name: metric.unit for name, metric in METRICS.items()}
    return Subject(
        name=name,
        tokens=scored.settings.tokens,
        periods=periods,
        trajectory=columns(scored.settings, scored.assessment.trajectory),
        worth=scored.assessment.worth,
        supply=None if supply is None else np.asarray(supply, float),
        strategies=scored.assessment.scores,
        undefined=scored.undefined,
        short=scored.short,
        units=units | {spec.readable: spec.unit for spec in scored.specs},
        layers={spec.readable: spec.layers for spec in scored.specs if spec.layers},
    )


def run_subject(result: EvaluationResult, selection: Selection) -> Subject:
    """A trained run and the set that this selection chose."""
    chosen, run = result.chosen, result.chosen.run
    settings = chosen.settings
    pool = pool_subject(result.scored, run.name, dated(settings.spans, minute(settings.start)))
    return replace(
        pool,
        tables=tuple(result.tables()),
        status=run.status,
        strategies={"pool": result.metrics, **result.benchmarks},
        selection=chosen.selection,
        metric=selection.by or settings.selection_metric,
        entries=chosen.history(),
        choices=all_selections(run, selection, chosen.run_settings),
        settings=settings.identity(),
        provenance=run.provenance,
    )
