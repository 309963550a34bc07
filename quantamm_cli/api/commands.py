"""A function for what each command does. Results print as the command's tables; a notebook shows them as such."""

from collections.abc import Mapping, Sequence

from quantamm_cli.api.settings import Entrant, Settings, compose
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search import Search, spelt
from quantamm_cli.config.stored_settings import laid_over
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market import Memory
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import branch
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.tuning.settings import Study
from quantamm_cli.workflows import evaluate as evaluation
from quantamm_cli.workflows import plots
from quantamm_cli.workflows import report as reports
from quantamm_cli.workflows import simulate as simulation
from quantamm_cli.workflows import train as training
from quantamm_cli.workflows import tune as tuning
from quantamm_cli.workflows import walk_forward as walking
from quantamm_cli.workflows.compete import standings
from quantamm_cli.workflows.custom_periods import Dates, dates_of
from quantamm_cli.workflows.evaluate_details import check_sets, number_of_sets
from quantamm_cli.workflows.evaluate_walk import evaluate_walk
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.stored_runs import StoredRun

Range = Sequence[float | str] | Mapping[str, Sequence[object]] | str


def simulate(
    settings: Settings, *, market: MemoryMarket | None = None, plots: bool = False, monitor: Monitor | None = None
) -> simulation.SimulationResult:
    """Run one pool with the parameters of its settings over [start, end).

    Args:
        market: prices in the place of those of the settings.
        plots: write pictures beside the trajectory.

    Raises:
        ConfigError: parameters the pool cannot have.
        DataError: there are no such prices.
    """
    settings.simulation()
    return simulation.simulate(settings.of("simulate").on(market).simulation(), plots, monitor)


def train(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> training.TrainingResult:
    """Fit a pool's parameters, resume where an earlier call stopped, or reuse what is finished.

    Args:
        market: prices in the place of those of the settings.
        load: the rule that selects the set that is assessed, such as ``best_test``; by default the best on validation.
        minimum: least score on the other period, for rules such as ``best_train_min_test``.
        fresh: start over; the old files are kept beside.
        monitor: follows the training, and may stop it.

    Raises:
        DivergedError: no parameter set has finite numbers.
        Interrupted: the monitor stopped it; what was done is saved, and another call goes on from there.
    """
    return training.train(settings.on(market).training(), Selection(load, minimum), fresh, monitor=monitor)


def evaluate(
    run: Settings | StoredRun | Run | str,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    periods: Mapping[str, tuple[str, str]] | None = None,
    sets: Sequence[int] | str = (),
    curvature: bool = False,
    runs_dir: str = "runs",
) -> evaluation.EvaluationResult:
    """Score a trained run on every period beside its benchmarks.

    Args:
        run: settings that were trained, a stored run, or digits of its name in ``runs_dir``.
        market: the prices it was trained on, if those came from :func:`market`.
        periods: start and end of further periods by name, each scored from a fresh start.
        sets: further parameter sets of the chosen step, or ``"all"``.
        curvature: also the trace of the training objective's Hessian; slow to compile.

    Raises:
        StoreError: there is no such run.
        ArgumentError: periods or sets that there are not.
    """
    return evaluation.evaluate(*_chosen(run, market, Selection(load, minimum), periods, sets, runs_dir), curvature)


def report(
    run: Settings | StoredRun | Run | str,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    periods: Mapping[str, tuple[str, str]] | None = None,
    sets: Sequence[int] | str = (),
    curvature: bool = False,
    runs_dir: str = "runs",
    monitor: Monitor | None = None,
) -> reports.Report:
    """Draw a run, a walk-forward or a competition, and write one page that needs nothing else; ``.path`` is where it is.

    Args:
        run: as ``evaluate`` takes it, whose arguments the others are; or the name of a stored walk-forward or competition.

    Raises:
        StoreError: there is no such result.
        ConfigError: there is nothing to draw of it, or nothing to draw with.
    """
    plots.check()
    selection, monitor = Selection(load, minimum), monitor or Monitor()
    if isinstance(run, Settings) and run.on(market).training().split.kind == "walk_forward":
        return reports.report_walk(evaluate_walk(run.on(market).training(), selection, monitor))
    if isinstance(run, str) and (held := Store(runs_dir).named(run)).kind != "run":
        return reports.report_stored(reports.drawable(held, selection, monitor))
    watch = Watch()
    chosen, dates, others = _chosen(run, market, selection, periods, sets, runs_dir)
    return reports.report_run(evaluation.evaluate(chosen, dates, others, curvature, watch), minimum, watch)


def _chosen(
    run: Settings | StoredRun | Run | str,
    market: MemoryMarket | None,
    selection: Selection,
    periods: Mapping[str, tuple[str, str]] | None,
    sets: Sequence[int] | str,
    runs_dir: str,
) -> tuple[evaluation.Chosen, tuple[Dates, ...], Sequence[int]]:
    """What is evaluated, on which dates besides, and which other sets."""
    dates = tuple(dates_of(name, *ends) for name, ends in (periods or {}).items())
    if isinstance(run, Settings):
        settings = run.on(market).training()
        if settings.split.kind == "walk_forward":
            raise ArgumentError("run", "has split=walk_forward, which walk_forward(settings) judges; expected settings of one run")
        stored = Store(settings.runs_dir).load(settings.fingerprint)
    else:
        stored = run if isinstance(run, Run) else run.run if isinstance(run, StoredRun) else Store(runs_dir).load(run)
        settings = read_settings(Train, laid_over(stored, {"runs_dir": str(stored.path.parent), "plugins": []}, ()))
        if market is not None:
            _same_market(settings, market)
    start_jax()
    chosen = evaluation.choose(settings, stored, selection, settings)
    if isinstance(sets, str):
        if sets != "all":
            raise ArgumentError("sets", f"'{sets}' is neither 'all' nor numbers of parameter sets")
        sets = range(number_of_sets(stored))
    check_sets(sets, stored)
    return chosen, dates, sets


def _same_market(settings: Train, market: MemoryMarket) -> None:
    wanted = settings.data.sha256 if isinstance(settings.data, Memory) else None
    if wanted != market.sha256:
        said = f"data={settings.data.kind}" if wanted is None else f"the market {wanted[:12]}…"
        raise ArgumentError("market", f"is {market.sha256[:12]}…, and the run was made of {said}; leave it out, or give that one")


def walk_forward(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> walking.WalkForwardResult:
    """Train and test in cycles through time. The settings have ``split=walk_forward``; the arguments are those of ``train``."""
    values = settings.on(market).training()
    if values.split.kind != "walk_forward":
        raise ArgumentError("settings", f"have split={values.split.kind}; expected settings.but('split=walk_forward')")
    return walking.walk_forward(values, Selection(load, minimum), fresh, monitor)


def tune(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    space: Mapping[str, Range] | None = None,
    trials: int | None = None,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> tuning.StudyResult:
    """Search over training settings; each trial is a training, and a second call goes on with the study.

    Args:
        market: prices in the place of those of the settings.
        space: what is searched, by dotted name: ``{"fit.learning_rate": [0.01, 0.5, "log"]}``; by default ``space=training``.
        trials: trainings in all; by default ``study.trials``.
    """
    words = [f"space.{name}={spelt(told)}" for name, told in (space or {}).items()]
    words += ["space=none"] if space is not None else []
    words += [] if trials is None else [f"study.trials={trials}"]
    asked = settings.on(market).of("tune").but(*words)
    monitor = monitor or Monitor()
    search = Search(asked.tree, asked.overrides, asked.config_dir)
    planned = tuning.plan(search, decode(Study, branch(asked.tree, "study"), "study"), monitor)
    return tuning.tune(planned, asked.overrides, fresh, monitor)


def compete(
    competition: Settings | Sequence[Entrant],
    *,
    simulations: int | None = None,
    until_decided: bool = False,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> standings.CompetitionResult:
    """Play a competition.

    Args:
        competition: settings of ``compose("compete", ...)``; or only who competes: names, ``"FILE.py:Class"``, mappings of a
            ``kind`` and settings, strategies and their classes.
        simulations: seeds; by default those of the settings.
        until_decided: play more seeds until the leader is surely ahead.
    """
    settings = competition if isinstance(competition, Settings) else compose("compete").line_up(competition)
    if settings.command != "compete":
        raise ArgumentError("competition", f"are settings of {settings.command}; expected compose('compete', ...) or strategies")
    settings = settings if simulations is None else settings.but(f"simulations={simulations}")
    return standings.compete(settings.competition(), until_decided, fresh, monitor)
