"""``qsim evaluate``: a trained run, scored on every period beside its benchmarks."""

from typing import TYPE_CHECKING

from quantamm_cli.cli.options import Options
from quantamm_cli.cli.periods import read_periods
from quantamm_cli.cli.walked import evaluated_settings, planned
from quantamm_cli.config.composed import Composed
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.plans import PlannedEvaluation
from quantamm_cli.workflows.plots import check
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.stored_runs import trained

if TYPE_CHECKING:
    from quantamm_cli.workflows.evaluate import Chosen, EvaluationResult


def run(composed: Composed, options: Options, monitor: Monitor) -> Result:
    """Load parameters by a selection rule and score them."""
    if composed.walks_forward:
        return _walk(composed, options, monitor)
    asked = Asked(composed, options)
    if options.dry_run:
        return PlannedEvaluation(asked.chosen)
    result = asked.evaluate()
    if not options.plots:
        return result
    from quantamm_cli.workflows.report import with_plots

    return with_plots(result, options.minimum, asked.watch)


def _walk(composed: Composed, options: Options, monitor: Monitor) -> Result:
    settings = evaluated_settings(composed, options)
    if options.dry_run:
        return planned(settings, options)
    from quantamm_cli.workflows.evaluate_walk import evaluate_walk

    return evaluate_walk(settings, options.selection, monitor)


class Asked:
    """What the words ask to be evaluated; all that can be wrong with them is found here."""

    def __init__(self, composed: Composed, options: Options) -> None:
        self.watch = Watch()
        self._dates = read_periods(options.periods)
        self._curvature = options.curvature
        if options.plots:
            check()
        if options.run is not None:
            run = Store(composed.runs_dir).load(options.run)
            settings, own = composed.changing_run(run).read(Train), composed.of_run(run).read(Train)
        else:
            settings = own = composed.read(Train)
            run = trained(settings)
        from quantamm_cli.workflows.evaluate import choose
        from quantamm_cli.workflows.evaluate_details import check_sets
        from quantamm_cli.workflows.runtime import start_jax

        start_jax()
        self.chosen: Chosen = choose(settings, run, options.selection, own)
        self._sets = () if options.sets is None else check_sets(options.sets, run)

    def evaluate(self) -> "EvaluationResult":
        """From every side that was asked for."""
        from quantamm_cli.workflows.evaluate import evaluate

        self.watch.lap("start")
        return evaluate(self.chosen, self._dates, self._sets, self._curvature, self.watch)
