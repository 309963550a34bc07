"""``qsim evaluate``: a trained run, scored on every period beside its benchmarks."""

from typing import TYPE_CHECKING

from quantamm_cli.cli.options import Options
from quantamm_cli.cli.periods import read_periods
from quantamm_cli.cli.walked import evaluated_settings, planned
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.plans import PlannedEvaluation
from quantamm_cli.workflows.plots import check
from quantamm_cli.workflows.results import Result, Watch

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
            run = _trained(settings)
        from quantamm_cli.workflows.evaluate import choose
        from quantamm_cli.workflows.runtime import start_jax

        start_jax()
        self.chosen: Chosen = choose(settings, run, options.selection, own)
        self._sets = _read_sets(options.sets, run)

    def evaluate(self) -> "EvaluationResult":
        """From every side that was asked for."""
        from quantamm_cli.workflows.evaluate import evaluate

        self.watch.lap("start")
        return evaluate(self.chosen, self._dates, self._sets, self._curvature, self.watch)


def _trained(settings: Train) -> Run:
    store = Store(settings.runs_dir)
    if not store.path(settings.fingerprint).exists():
        cure = "train it first: qsim train with the same words"
        raise StoreError(settings.runs_dir, f"no run_{settings.fingerprint[:12]}… of these settings; {cure}")
    return store.load(settings.fingerprint)


def _read_sets(text: str | None, run: Run) -> tuple[int, ...]:
    """The parameter sets that ``--sets`` names.

    Raises:
        ArgumentError: what is not one of the run's.
    """
    from quantamm_cli.workflows.evaluate_details import check_sets, number_of_sets

    if text is None:
        return ()
    if text == "all":
        return tuple(range(number_of_sets(run)))
    return check_sets([word.strip() for word in text.split(",")], run)
