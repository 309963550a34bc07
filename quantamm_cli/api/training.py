"""Simulating and training. Results print as the command's tables; a notebook shows them as such."""

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.workflows import simulate as simulation
from quantamm_cli.workflows import train as training
from quantamm_cli.workflows import walk_forward as walking
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
    """Run one pool with the parameters of its settings over [start, end),
    or every point of the settings' ``grid``.

    Args:
        market: prices in the place of those of the settings.
        plots: write pictures beside the trajectory.

    Raises:
        ConfigError: parameters the pool cannot have.
        DataError: there are no such prices.
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
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> training.TrainingResult:
    """Fit a pool's parameters, resume where an earlier call stopped, or reuse what is finished.

    Args:
        market: prices in the place of those of the settings.
        load: the rule that selects the set that is assessed, such as ``best_test``;
            by default the best on validation.
        minimum: least score on the other period, for rules such as ``best_train_min_test``.
        fresh: start over; the old files are kept beside.
        monitor: follows the training, and may stop it.

    Raises:
        DivergedError: no parameter set has finite numbers.
        Interrupted: the monitor stopped it; what was done is saved,
            and another call goes on from there.
    """
    values = checked(settings, market, monitor).training()
    if values.split.kind == "walk_forward":
        raise ArgumentError(
            "settings",
            "have split=walk_forward; call walk_forward(settings), or take split=holdout",
        )
    return training.train(values, Selection(load, minimum), fresh, monitor=monitor)


def walk_forward(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    load: str | None = None,
    minimum: float = 0.0,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> walking.WalkForwardResult:
    """Train and test in cycles through time.

    The settings have ``split=walk_forward``; the arguments are those of ``train``.
    """
    values = checked(settings, market, monitor).training()
    if values.split.kind != "walk_forward":
        raise ArgumentError(
            "settings",
            f"have split={values.split.kind}; expected settings.but('split=walk_forward')",
        )
    return walking.walk_forward(values, Selection(load, minimum), fresh, monitor)
