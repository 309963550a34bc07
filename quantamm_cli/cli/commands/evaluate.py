"""``qsim evaluate``: a trained run, scored on every period beside its benchmarks, and from whatever other side is asked for."""

from typing import TYPE_CHECKING, Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.periods import read_periods
from quantamm_cli.cli.walked import evaluated
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import laid_over
from quantamm_cli.errors import ConfigError, StoreError
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.plots import check
from quantamm_cli.workflows.results import Watch

if TYPE_CHECKING:
    from quantamm_cli.workflows.evaluate import Chosen, EvaluationResult


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Load parameters by a selection rule and score them; returns the JSON object."""
    if tree["split"]["kind"] == "walk_forward":
        return evaluated(tree, options, console)
    asked = Asked(tree, options)
    if options.dry_run:
        return {"command": "evaluate"} | asked.chosen.to_dict()
    result = asked.evaluate(console)
    told: dict[str, Any] = {"command": "evaluate"} | result.to_dict()
    if options.plots:
        from quantamm_cli.workflows.plots import draw
        from quantamm_cli.workflows.subjects import of_run

        told["files"] = result.files | draw(of_run(result, options.minimum), result.chosen.folder)
        asked.watch.lap("plots")
    return told


class Asked:
    """What the words ask to be evaluated; all that can be wrong with them is found here."""

    def __init__(self, tree: dict[str, Any], options: Options) -> None:
        self.watch = Watch()
        self._dates = read_periods(options.periods)
        self._curvature = options.curvature
        if options.plots:
            check()
        if options.run is not None:
            run = Store(tree["runs_dir"]).load(options.run)
            settings = read_settings(Train, laid_over(run, tree, options.overrides))
            own = read_settings(Train, laid_over(run, tree, ()))
        else:
            settings = own = read_settings(Train, tree)
            run = _trained(settings)
        from quantamm_cli.workflows.evaluate import choose
        from quantamm_cli.workflows.runtime import start_jax

        start_jax()
        self.chosen: Chosen = choose(settings, run, options.selection, own)
        self._sets = _read_sets(options.sets, run)

    def evaluate(self, console: Console) -> "EvaluationResult":
        """The result, shown."""
        from quantamm_cli.workflows.evaluate import evaluate

        self.watch.lap("start")
        result = evaluate(self.chosen, self._dates, self._sets, self._curvature, self.watch)
        console.show(*result.tables())
        return result


def _trained(settings: Train) -> Run:
    store = Store(settings.runs_dir)
    if not store.path(settings.fingerprint).exists():
        raise StoreError(
            settings.runs_dir, f"no run_{settings.fingerprint[:12]}… of these settings; train it first: qsim train with the same words"
        )
    return store.load(settings.fingerprint)


def _read_sets(text: str | None, run: Run) -> tuple[int, ...]:
    """The parameter sets that ``--sets`` names.

    Raises:
        ConfigError: what is not one of the run's.
    """
    from quantamm_cli.workflows.evaluate_details import number_of_sets

    if text is None:
        return ()
    known = {str(index): index for index in range(number_of_sets(run))}
    if text == "all":
        return tuple(known.values())
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in known:
            raise ConfigError("--sets", f"'{word}' is not a parameter set; this run has {', '.join(known)}: write some of them, or all")
    return tuple(dict.fromkeys(known[word] for word in words))
