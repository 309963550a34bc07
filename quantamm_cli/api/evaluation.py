"""Evaluates and reports trained runs."""

from collections.abc import Mapping, Sequence

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import merged
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.market.memory import Memory
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.origin import origin
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows import evaluate as evaluation
from quantamm_cli.workflows import plots
from quantamm_cli.workflows import report as reports
from quantamm_cli.workflows.compete.standings import CompetitionResult
from quantamm_cli.workflows.custom_periods import Dates, dates_of
from quantamm_cli.workflows.evaluate_details import check_sets
from quantamm_cli.workflows.evaluate_walk import evaluate_walk
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.report_simulation import report_simulation
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.stored_runs import StoredRun, load_trained


def evaluate(
    run: Settings | StoredRun | Run | str,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    by: str | None = None,
    periods: Mapping[str, tuple[str, str]] | None = None,
    sets: Sequence[int] | str = (),
    curvature: bool = False,
    other_data: bool = False,
    runs_dir: str = "runs",
) -> evaluation.EvaluationResult:
    """Score a trained run on every period beside its benchmarks.

    Args:
        run: the settings of the training, a stored run, or digits of its name in ``runs_dir``.
        market: the prices of the training, if they came from :func:`market`.
        load: the rule that selects a parameter set, such as ``best_test``.
        minimum: minimum score on the other period, for rules such as ``best_train_min_test``.
        by: the metric that the rule compares, over all steps; by default the one that selected
            while training.
        periods: start and end of further periods by name, each scored from a fresh start.
        sets: further parameter sets of the chosen step, or ``"all"``.
        curvature: also the trace of the training objective's Hessian; slow to compile.
        other_data: go on although an input of the run has changed, and say so.

    Raises:
        StoreError: there is no such run.
        DataError: an input of the run has changed since it was made.
        ArgumentError: a period outside of the prices, or a set the run does not have.
    """
    selection = Selection(load, minimum, by)
    chosen, dates, others = _chosen(run, market, selection, periods, sets, runs_dir, other_data)
    return evaluation.evaluate(chosen, dates, others, curvature, other_data=other_data)


def report(
    run: Settings | StoredRun | Run | CompetitionResult | str,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    by: str | None = None,
    periods: Mapping[str, tuple[str, str]] | None = None,
    sets: Sequence[int] | str = (),
    curvature: bool = False,
    other_data: bool = False,
    runs_dir: str = "runs",
    monitor: Monitor | None = None,
) -> reports.Report:
    """Draw a run, a walk-forward or a competition, and write one self-contained HTML page.

    ``.path`` of the result is the path of the page.

    Args:
        run: as in ``evaluate``, like the other arguments; or the result of a competition, or the
            name of a stored simulation, grid, walk-forward, competition or sweep.

    Raises:
        StoreError: there is no such result.
        ConfigError: the result has no plots, or matplotlib is not installed.
    """
    plots.check()
    if isinstance(run, Settings):
        checked(run, market, monitor)
    selection, monitor = Selection(load, minimum, by), monitor or Monitor()
    if isinstance(run, Settings) and run.on(market).training().split.kind == "walk_forward":
        settings = run.on(market).training()
        return reports.report_walk(evaluate_walk(settings, selection, monitor, other_data))
    if isinstance(run, CompetitionResult):
        runs_dir, run = run.competition.settings.runs_dir, run.competition.place.name
    if isinstance(run, str) and (stored := Store(runs_dir).named(run)).kind != "run":
        if stored.kind == "simulation":
            return _simulation(stored, runs_dir, other_data, monitor)
        return reports.report_stored(reports.drawable(stored, selection, monitor))
    watch = Watch()
    chosen, dates, others = _chosen(run, market, selection, periods, sets, runs_dir, other_data)
    result = evaluation.evaluate(chosen, dates, others, curvature, watch, other_data, monitor)
    return reports.report_run(result, selection, watch)


def _simulation(
    stored: StoredResult, runs_dir: str, other_data: bool, monitor: Monitor
) -> reports.Report:
    made_from = origin(stored)
    assert made_from is not None
    places = {"runs_dir": runs_dir, "plugins": []}
    settings = read_settings(Simulate, merged(made_from, places, ()))
    return report_simulation(stored, settings, other_data, monitor)


def _chosen(
    run: Settings | StoredRun | Run | str,
    market: MemoryMarket | None,
    selection: Selection,
    periods: Mapping[str, tuple[str, str]] | None,
    sets: Sequence[int] | str,
    runs_dir: str,
    other_data: bool,
) -> tuple[evaluation.Chosen, tuple[Dates, ...], tuple[int, ...]]:
    """The chosen parameter set, the extra periods, and the numbers of the extra sets."""
    dates = _dates(periods)
    if isinstance(run, Settings):
        settings = run.on(market).training()
        if settings.split.kind == "walk_forward":
            raise ArgumentError(
                "run",
                "has split=walk_forward, which walk_forward(settings) evaluates; "
                "expected settings of one run",
            )
        stored = load_trained(settings, other_data)
    else:
        stored = _stored(run, runs_dir)
        tree = merged(stored, {"runs_dir": str(stored.path.parent), "plugins": []}, ())
        settings = read_settings(Train, tree)
        if market is not None:
            _same_market(settings, market)
    start_jax()
    chosen = evaluation.choose(settings, stored, selection, settings)
    return chosen, dates, check_sets(sets, stored)


def _dates(periods: Mapping[str, tuple[str, str]] | None) -> tuple[Dates, ...]:
    expected = "expected start and end by name: {'crash': ('2022-05-05', '2022-06-20')}"
    if periods is None:
        return ()
    if not isinstance(periods, Mapping):
        raise ArgumentError("periods", f"is of type {type(periods).__name__}; {expected}")
    for name, ends in periods.items():
        if (
            not isinstance(name, str)
            or not isinstance(ends, tuple | list)
            or [type(end) for end in ends] != [str, str]
        ):
            raise ArgumentError("periods", f"{name!r} is {ends!r}; {expected}")
    return tuple(dates_of(name, *ends) for name, ends in periods.items())


def _stored(run: StoredRun | Run | str, runs_dir: str) -> Run:
    if isinstance(run, str):
        return Store(runs_dir).load(run)
    if not isinstance(run, Run | StoredRun):
        raise ArgumentError(
            "run", f"is of type {type(run).__name__}; expected settings, a stored run or its name"
        )
    return run if isinstance(run, Run) else run.run


def _same_market(settings: Train, market: MemoryMarket) -> None:
    if not isinstance(market, MemoryMarket):
        raise ArgumentError(
            "market", f"is of type {type(market).__name__}; expected qsim.market(...)"
        )
    wanted = settings.data.sha256 if isinstance(settings.data, Memory) else None
    if wanted != market.sha256:
        source = f"the market {wanted[:12]}…" if wanted else f"data={settings.data.kind}"
        raise ArgumentError(
            "market",
            f"is {market.sha256[:12]}…, but the run was made from {source}; "
            "leave it out, or give the market of the run",
        )
