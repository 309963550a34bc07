"""``qsim evaluate``: scores a trained run on every period, beside its benchmarks."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import CYCLES, RUNS, Command

if TYPE_CHECKING:
    from pathlib import Path

    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.json_tree import Json
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Load parameters by a selection rule and score them."""
    if composed.walks_forward:
        return _walk(composed, options, monitor)
    if not (options.plots or options.dry_run or options.on("other_data")):
        return _answered(composed, options, monitor)
    from quantamm_cli.cli.evaluation_request import EvaluationRequest

    request = EvaluationRequest(composed, options)
    if options.dry_run:
        return request.plan(monitor)
    if not options.plots:
        return request.evaluate(monitor)
    from quantamm_cli.workflows.report import with_plots

    return with_plots(request.evaluate(monitor), request.selection, request.watch)


COMMAND = Command(
    "evaluate",
    "score a trained run on train, validation and test",
    RUNS,
    place=4,
    run=run,
    flags=(
        flags.LOAD,
        flags.RUN,
        flags.MINIMUM,
        flags.BY,
        flags.PERIODS,
        flags.SETS,
        flags.CURVATURE,
        flags.PLOTS,
        flags.DRY_RUN,
        flags.OTHER_DATA,
        flags.OUT,
    ),
    notes=CYCLES,
)


def _answered(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """The scores, from the cache if nothing has changed since they were computed."""
    from quantamm_cli.workflows.stored_answers import Noted, Question

    words: dict[str, Json] = {
        "load": options.load,
        "min": options.minimum,
        "by": options.by_metric,
        "overrides": options.overrides,
        "implied": options.implied,
        **options.specific,
    }
    if options.run is not None:
        from quantamm_cli.store.runs import Store

        words["run"] = str(Store(composed.runs_dir).find(options.run))

    noted = Noted(monitor)

    def compute() -> "tuple[Result, list[Path]]":
        from quantamm_cli.cli.evaluation_request import EvaluationRequest

        request = EvaluationRequest(composed, options)
        result = request.evaluate(noted)
        return result, request.files(result)

    return Question("evaluate", composed.tree, words).answered(compute, noted)


def _walk(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.cli.walk_forward_request import evaluated_settings, planned_walk

    settings = evaluated_settings(composed, options)
    if options.dry_run:
        return planned_walk(settings, options, monitor)
    from quantamm_cli.workflows.evaluate_walk import evaluate_walk

    return evaluate_walk(settings, options.selection, monitor, options.on("other_data"))
