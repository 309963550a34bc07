"""``qsim report``: draws plots and writes one self-contained HTML page of a result."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import NAMED, RUNS, Command
from quantamm_cli.cli.places import refuse_settings
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.store.result_names import StoredResult
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Evaluate a run and write its page, or write the page of the stored result that is named."""
    from quantamm_cli.config.components import load_components
    from quantamm_cli.store.runs import Store
    from quantamm_cli.workflows import plots

    plots.check()
    if options.run is not None:
        named = Store(composed.runs_dir).named(options.run)
        if named.kind == "simulation":
            return _simulation(named, composed, options, monitor)
        if named.kind != "run":
            if composed.plugins:  # which may define plots
                load_components(composed.plugins)
            return _stored(named, options, monitor)
    if composed.walks_forward:
        return _walk(composed, options, monitor)
    return _run(composed, options, monitor)


COMMAND = Command(
    "report",
    "draw plots and one page of a stored result",
    f"[RUN] {RUNS}",
    place=6,
    run=run,
    flags=(
        flags.LOAD,
        flags.MINIMUM,
        flags.BY,
        flags.PERIODS,
        flags.SETS,
        flags.CURVATURE,
        flags.DRY_RUN,
        flags.OTHER_DATA,
    ),
    takes="RUN",
    notes=(NAMED,),
)


def _run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.cli.evaluation_request import EvaluationRequest

    request = EvaluationRequest(composed, options)
    if options.dry_run:
        return request.plan(monitor)
    from quantamm_cli.workflows.report import report_run

    return report_run(request.evaluate(monitor), request.selection, request.watch)


def _walk(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Evaluate a walk-forward and write its page."""
    from quantamm_cli.cli.walk_forward_request import evaluated_settings, planned_walk

    settings = evaluated_settings(composed, options)
    if options.dry_run:
        return planned_walk(settings, options, monitor)
    from quantamm_cli.workflows.evaluate_walk import evaluate_walk
    from quantamm_cli.workflows.report import report_walk

    other_data = options.on("other_data")
    return report_walk(evaluate_walk(settings, options.selection, monitor, other_data))


def _simulation(
    stored: "StoredResult", composed: "Composed", options: "Options", monitor: "Monitor"
) -> "Result":
    """The page of a stored simulation, simulated once more."""
    from quantamm_cli.settings.run import Simulate
    from quantamm_cli.store.origin import origin
    from quantamm_cli.workflows.plans import PlannedRun
    from quantamm_cli.workflows.report_simulation import check_simulation, report_simulation

    _refuse_flags(stored, options)
    refuse_settings(options.overrides, "is drawn")
    made_from = origin(stored)
    assert made_from is not None
    settings = composed.changing_run(made_from).read(Simulate)
    other_data = options.on("other_data")
    if options.dry_run:
        check_simulation(stored, settings, other_data, monitor)
        return PlannedRun(settings)
    return report_simulation(stored, settings, other_data, monitor)


def _refuse_flags(stored: "StoredResult", options: "Options") -> None:
    """Raise ConfigError for what only a trained run has."""
    from quantamm_cli.store.result_names import KINDS

    for name in ("periods", "sets", "curvature"):
        if options.on(name):
            raise ConfigError(f"--{name}", f"needs a run; {stored.short} is a {KINDS[stored.kind]}")


def _stored(stored: "StoredResult", options: "Options", monitor: "Monitor") -> "Result":
    """The page of a stored walk-forward, competition, sweep or grid."""
    if any(word.partition("=")[0] not in ("runs_dir", "plugins") for word in options.overrides):
        raise ConfigError(
            stored.short,
            "is drawn from its stored result; for other settings give the full settings "
            "instead of a name",
        )
    from quantamm_cli.workflows.report import drawable, report_stored

    _refuse_flags(stored, options)
    plan = drawable(stored, options.selection, monitor)
    return plan if options.dry_run else report_stored(plan)
