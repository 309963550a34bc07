"""Simulation, training and walk-forward.

A result prints as the tables of the command; a notebook shows the same tables.
"""

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.workflows import simulate as simulation
from quantamm_cli.workflows import train as training
from quantamm_cli.workflows import walk_forward as walk_forwards
from quantamm_cli.workflows.grid import GridResult, grid
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.selection import Selection


def simulate(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    plots: bool = False,
    monitor: Monitor | None = None,
) -> simulation.SimulationResult | GridResult:
    """Simulate one pool with the parameters of its settings over [start, end).

    Settings with a ``grid`` simulate every point of it.

    Args:
        market: prices that replace those of the settings.
        plots: write plots beside the trajectory.

    Raises:
        ConfigError: parameters that the pool does not accept.
        DataError: the prices do not cover these dates.
    """
    checked(settings, market, monitor).simulation()
    composed = settings.of("simulate").on(market)
    if composed.tree["grid"]:
        return grid(composed.simulation(), composed.tree, False, plots, monitor or Monitor())
    return simulation.simulate(composed.simulation(), plots, monitor)


def train(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    by: str | None = None,
    fresh: bool = False,
    other_data: bool = False,
    monitor: Monitor | None = None,
) -> training.TrainingResult:
    """Train a pool's parameters; resume an interrupted run, or reuse a finished one.

    Args:
        market: prices that replace those of the settings.
        load: the rule that selects the reported parameter set, such as ``best_test``;
            by default the best on validation.
        minimum: minimum score on the other period, for rules such as ``best_train_min_test``.
        by: the metric that the rule compares, over all steps; by default the one that selects
            while training.
        fresh: start over; the old files are renamed, not deleted.
        other_data: if a stored run was made from other inputs, train beside it.
        monitor: follows the training, and may stop it.

    Raises:
        DivergedError: no parameter set has finite numbers.
        Interrupted: the monitor stopped it; the run is saved, and the same call resumes it.
    """
    values = checked(settings, market, monitor).training()
    if values.split.kind == "walk_forward":
        raise ArgumentError(
            "settings", "have split=walk_forward; call walk_forward(settings), or use split=holdout"
        )
    selection = Selection(load, minimum, by)
    return training.train(values, selection, fresh, monitor=monitor, other_data=other_data)


def walk_forward(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    by: str | None = None,
    fresh: bool = False,
    other_data: bool = False,
    monitor: Monitor | None = None,
) -> walk_forwards.WalkForwardResult:
    """Train and test in cycles through time.

    The settings have ``split=walk_forward``; the arguments are those of ``train``.
    """
    values = checked(settings, market, monitor).training()
    if values.split.kind != "walk_forward":
        raise ArgumentError(
            "settings",
            f"have split={values.split.kind}; expected settings.but('split=walk_forward')",
        )
    selection = Selection(load, minimum, by)
    return walk_forwards.walk_forward(values, selection, fresh, monitor, other_data)
