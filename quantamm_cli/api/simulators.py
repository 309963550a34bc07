"""The forward pass and its parameters, for code of one's own."""

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.parameters import ParameterTable, parameter_table
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.simulator import Simulator


def simulator(
    settings: Settings, market: MemoryMarket | None = None, *, rows: int | None = None
) -> Simulator:
    """The pool of some settings as pure JAX functions of its raw parameters.

    ``simulate(params, start=0)`` is the trajectory, ``simulate.metric(name)`` the function from
    parameters to a metric, both for ``jax.jit``, ``grad`` and ``vmap``; ``simulate.params`` are the
    settings' own, ``simulate.online`` one price at a time.

    Args:
        market: prices in the place of those of the settings.
        rows: minutes of a trajectory; by default all of [start, end). ``start``, a number that may
            be traced, counts minutes from the settings' start; ``start + rows`` minutes must be
            there: up to ``test_end`` for a training.

    Raises:
        ConfigError: parameters the pool cannot have.
        DataError: there are no such prices.
    """
    start_jax()
    values = checked(settings, market).simulation()
    until = (values.test_end if isinstance(values, Train) else None) or values.end
    return Simulator(values, load_market(values, until), rows)


def parameters(settings: Settings) -> ParameterTable:
    """What the pool of some settings declares: names, units, ranges, raw, readable and on-chain
    forms, initial sets, grids.
    """
    return parameter_table(checked(settings).simulation())
