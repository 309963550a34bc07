"""The forward pass of a pool and its parameters, for the user's own code."""

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.parameters import ParameterTable, parameter_table
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.simulator import Simulator


def simulator(
    settings: Settings, market: MemoryMarket | None = None, *, rows: int | None = None
) -> Simulator:
    """The pool of some settings as pure JAX functions of its raw parameters.

    ``simulate(params, start=0)`` returns the trajectory, ``simulate.metric(name)`` a function from
    parameters to a metric; both support ``jax.jit``, ``grad`` and ``vmap``. ``simulate.params`` are
    the parameters of the settings; ``simulate.online`` runs one price at a time.

    Args:
        market: prices that replace those of the settings.
        rows: minutes of a trajectory; by default all of [start, end). ``start``, a number that may
            be traced, counts minutes from the settings' start. Prices must cover ``start + rows``
            minutes; those of a training reach to ``test_end``.

    Raises:
        ConfigError: parameters that the pool does not accept.
        DataError: the prices do not cover these dates.
    """
    start_jax()
    values = checked(settings, market).simulation()
    return Simulator(values, load_market(values, last_date(values)), rows)


def parameters(settings: Settings) -> ParameterTable:
    """The declared parameters of a pool: names, units, ranges, raw, readable and on-chain forms,
    initial sets, grids.
    """
    return parameter_table(checked(settings).simulation())
