"""What ``qsim evaluate`` and ``qsim report`` evaluate: the run, the settings and the extras."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.cli.options import Options
from quantamm_cli.cli.periods import read_periods
from quantamm_cli.cli.run_selection import run_selection
from quantamm_cli.config.composed import Composed
from quantamm_cli.settings.run import Train
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.copies import check_out, copy_trajectory
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.plots import check
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.stored_runs import load_trained

if TYPE_CHECKING:
    from quantamm_cli.workflows.evaluate import Chosen, EvaluationResult
    from quantamm_cli.workflows.plans import PlannedEvaluation


class EvaluationRequest:
    """The evaluation that the command line requests; wrong requests fail here."""

    def __init__(self, composed: Composed, options: Options) -> None:
        self.watch = Watch()
        self._dates = read_periods(options.text("periods"))
        self._curvature, self._other_data = options.on("curvature"), options.on("other_data")
        self._out = options.text("out")
        check_out(self._out)
        if options.plots:
            check()
        if options.run is not None:
            run = Store(composed.runs_dir).load(options.run)
            changed, selection = run_selection(composed, run, options)
            settings = changed.read(Train)
            run_settings = composed.of_run(run).read(Train)
        else:
            settings = run_settings = composed.read(Train)
            run = load_trained(settings, options.on("other_data"))
            selection = options.selection
        from quantamm_cli.workflows.evaluate import choose
        from quantamm_cli.workflows.evaluate_details import check_sets
        from quantamm_cli.workflows.runtime import start_jax

        start_jax()
        self.selection = selection
        self.chosen: Chosen = choose(settings, run, selection, run_settings)
        sets = options.text("sets")
        self._sets = () if sets is None else check_sets(sets, run)

    def plan(self, monitor: Monitor) -> "PlannedEvaluation":
        """The parameter set that would be scored; refuses what ``evaluate`` would."""
        from quantamm_cli.workflows.evaluate import check_evaluation
        from quantamm_cli.workflows.plans import PlannedEvaluation

        check_evaluation(self.chosen, self._dates, self._other_data, monitor)
        return PlannedEvaluation(self.chosen)

    def evaluate(self, monitor: Monitor) -> "EvaluationResult":
        """Score the chosen parameter set, with every extra that was requested."""
        from quantamm_cli.workflows.evaluate import evaluate

        self.watch.lap("start")
        result = evaluate(
            self.chosen,
            self._dates,
            self._sets,
            self._curvature,
            self.watch,
            self._other_data,
            monitor,
        )
        if self._out is None:
            return result
        tokens = self.chosen.settings.tokens
        copy = copy_trajectory(result.files["trajectory"], tokens, self._out)
        return replace(result, files=result.files | {"out": copy})

    def files(self, result: "EvaluationResult") -> list[Path]:
        """The files that the result was made from, and those that it wrote."""
        from quantamm_cli.workflows.data import input_files

        run = self.chosen.run
        own = [run.path, *filter(Path.exists, [Place.of(run.path).history])]
        return [*own, *input_files(self.chosen.settings), *map(Path, result.files.values())]
