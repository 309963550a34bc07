"""Evaluating and drawing what was trained."""

from collections.abc import Mapping, Sequence

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import laid_over
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.market.memory import Memory
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows import evaluate as evaluation
from quantamm_cli.workflows import plots
from quantamm_cli.workflows import report as reports
from quantamm_cli.workflows.compete.standings import CompetitionResult
from quantamm_cli.workflows.custom_periods import Dates, dates_of
from quantamm_cli.workflows.evaluate_details import check_sets
from quantamm_cli.workflows.evaluate_walk import evaluate_walk
from quantamm_cli.workflows.monitor import Monitor
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
    return evaluation.evaluate(
        *_chosen(run, market, Selection(load, minimum), periods, sets, runs_dir), curvature
    )


def report(
    run: Settings | StoredRun | Run | CompetitionResult | str,
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
    """Draw a run, a walk-forward or a competition, and write one page that needs nothing else;
    ``.path`` is where it is.

    Args:
        run: as ``evaluate`` takes it, whose arguments the others are; or a competition's result, or
            the name of a stored walk-forward or competition.

    Raises:
        StoreError: there is no such result.
        ConfigError: there is nothing to draw of it, or nothing to draw with.
    """
    plots.check()
    if isinstance(run, Settings):
        checked(run, market, monitor)
    selection, monitor = Selection(load, minimum), monitor or Monitor()
    if isinstance(run, Settings) and run.on(market).training().split.kind == "walk_forward":
        return reports.report_walk(evaluate_walk(run.on(market).training(), selection, monitor))
    if isinstance(run, CompetitionResult):
        runs_dir, run = run.competition.settings.runs_dir, run.competition.place.name
    if isinstance(run, str) and (held := Store(runs_dir).named(run)).kind != "run":
        return reports.report_stored(reports.drawable(held, selection, monitor))
    watch = Watch()
    chosen, dates, others = _chosen(run, market, selection, periods, sets, runs_dir)
    return reports.report_run(
        evaluation.evaluate(chosen, dates, others, curvature, watch), minimum, watch
    )


def _chosen(
    run: Settings | StoredRun | Run | str,
    market: MemoryMarket | None,
    selection: Selection,
    periods: Mapping[str, tuple[str, str]] | None,
    sets: Sequence[int] | str,
    runs_dir: str,
) -> tuple[evaluation.Chosen, tuple[Dates, ...], tuple[int, ...]]:
    """What is evaluated, on which dates besides, and which other sets."""
    dates = _dates(periods)
    if isinstance(run, Settings):
        settings = run.on(market).training()
        if settings.split.kind == "walk_forward":
            raise ArgumentError(
                "run",
                "has split=walk_forward, which walk_forward(settings) judges; "
                "expected settings of one run",
            )
        stored = load_trained(settings)
    else:
        stored = _stored(run, runs_dir)
        settings = read_settings(
            Train, laid_over(stored, {"runs_dir": str(stored.path.parent), "plugins": []}, ())
        )
        if market is not None:
            _same_market(settings, market)
    start_jax()
    chosen = evaluation.choose(settings, stored, selection, settings)
    return chosen, dates, check_sets(sets, stored)


def _dates(periods: Mapping[str, tuple[str, str]] | None) -> tuple[Dates, ...]:
    expected = "expected start and end by name: {'crash': ('2022-05-05', '2022-06-20')}"
    if not isinstance(periods, Mapping | None):
        raise ArgumentError("periods", f"is of type {type(periods).__name__}; {expected}")
    for name, ends in (periods or {}).items():
        if (
            not isinstance(name, str)
            or not isinstance(ends, tuple | list)
            or [type(end) for end in ends] != [str, str]
        ):
            raise ArgumentError("periods", f"{name!r} is {ends!r}; {expected}")
    return tuple(dates_of(name, *ends) for name, ends in (periods or {}).items())


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
        said = f"data={settings.data.kind}" if wanted is None else f"the market {wanted[:12]}…"
        raise ArgumentError(
            "market",
            f"is {market.sha256[:12]}…, and the run was made of {said}; leave it "
            "out, or give that one",
        )
