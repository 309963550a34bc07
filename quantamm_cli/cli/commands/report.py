"""``qsim report``: what ``qsim evaluate`` says, as plots and one page that needs nothing else."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import NAMED, RUNS, Command
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.store.result_names import Held
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Evaluate a run, draw it and write the page, or draw what else is named."""
    from quantamm_cli.config.components import load_components
    from quantamm_cli.store.runs import Store
    from quantamm_cli.workflows import plots

    plots.check()
    held = None if options.run is None else Store(composed.runs_dir).named(options.run)
    if held is not None and held.kind != "run":
        if composed.plugins:  # which may have plots
            load_components(composed.plugins)
        return _stored(held, options, monitor)
    return _walk(composed, options, monitor) if composed.walks_forward else _run(composed, options)


COMMAND = Command(
    "report",
    "plots and one page of a trained run, a walk-forward or a competition",
    f"[RUN] {RUNS}",
    place=6,
    run=run,
    flags=(flags.LOAD, flags.MINIMUM, flags.PERIODS, flags.SETS, flags.CURVATURE, flags.DRY_RUN),
    takes="RUN",
    notes=(NAMED,),
)


def _run(composed: "Composed", options: "Options") -> "Result":
    from quantamm_cli.cli.asked import Asked
    from quantamm_cli.workflows.plans import PlannedEvaluation

    asked = Asked(composed, options)
    if options.dry_run:
        return PlannedEvaluation(asked.chosen)
    from quantamm_cli.workflows.report import report_run

    return report_run(asked.evaluate(), options.minimum, asked.watch)


def _walk(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """The cycles of a walk-forward, and the page of what they come to."""
    from quantamm_cli.cli.walked import evaluated_settings, planned

    settings = evaluated_settings(composed, options)
    if options.dry_run:
        return planned(settings, options)
    from quantamm_cli.workflows.evaluate_walk import evaluate_walk
    from quantamm_cli.workflows.report import report_walk

    return report_walk(evaluate_walk(settings, options.selection, monitor))


def _stored(held: "Held", options: "Options", monitor: "Monitor") -> "Result":
    """The plots and the page of what is kept of a walk-forward or a competition."""
    if any(word.partition("=")[0] not in ("runs_dir", "plugins") for word in options.overrides):
        raise ConfigError(
            held.short,
            "is drawn from what is kept of it; for other settings write all of "
            "the words, and no name",
        )
    for name in ("periods", "sets", "curvature"):
        if options.on(name):
            raise ConfigError(f"--{name}", f"is for a run, and {held.short}… is none; name a run")
    from quantamm_cli.workflows.report import drawable, report_stored

    stored = drawable(held, options.selection, monitor)
    return stored if options.dry_run else report_stored(stored)
