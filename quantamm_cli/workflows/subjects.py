"""What a result has to show, as pictures and pages take it."""

from dataclasses import replace

from quantamm_cli.metrics import METRICS
from quantamm_cli.reporting.periods import Period, dated
from quantamm_cli.reporting.run import Subject
from quantamm_cli.settings.types import minute
from quantamm_cli.workflows.assessment import Scored, columns
from quantamm_cli.workflows.evaluate import EvaluationResult
from quantamm_cli.workflows.selection import all_selections, selection_metric


def of_pool(scored: Scored, name: str, periods: tuple[Period, ...]) -> Subject:
    """What there is to see of one pool over its periods."""
    return Subject(
        name=name,
        tokens=scored.settings.tokens,
        periods=periods,
        trajectory=columns(scored.settings, scored.assessment.trajectory),
        worth=scored.assessment.worth,
        strategies=scored.assessment.scores,
        units={name: metric.unit for name, metric in METRICS.items()}
        | {spec.readable: spec.unit for spec in scored.specs},
        layers={spec.readable: spec.layers for spec in scored.specs if spec.layers},
    )


def of_run(result: EvaluationResult, minimum: float) -> Subject:
    """What there is to see of a trained run and of the set that was chosen;
    ``minimum`` as in its selection.
    """
    settings, run = result.chosen.settings, result.chosen.run
    pool = of_pool(result.scored, run.name, dated(settings.spans, minute(settings.start)))
    return replace(
        pool,
        tables=tuple(result.tables()),
        status=run.status,
        strategies={"pool": result.metrics, **result.benchmarks},
        selection=result.chosen.selection,
        metric=selection_metric(settings),
        entries=run.history(),
        choices=all_selections(run, minimum),
        settings=settings.identity(),
        provenance=run.provenance,
    )
