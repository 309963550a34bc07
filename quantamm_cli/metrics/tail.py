"""Bad days: value at risk, and return for it. All are written so that higher is better."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.executor import compiled
from quantamm_cli.core.types import DAY, Daily, Trajectory
from quantamm_cli.kernels.frictionless import jax_ops as kernels
from quantamm_cli.metrics.base import MONTH, WEEK, YEAR, Scalar, blocks, changes, mean, metric, over

_PERIODS = {"daily": DAY, "weekly": WEEK, "monthly": MONTH}


def percentile(values: Float[Array, "*m k"], percent: float) -> Float[Array, "*m"]:
    """The percentile of the last axis, between neighbours in proportion.

    By selection in compiled code where it serves.
    """
    if not compiled():
        return jnp.percentile(values, percent, axis=-1)
    place = percent / 100 * (values.shape[-1] - 1)
    rank = int(place)
    pick = partial(kernels.neighbours, rank=rank)
    found = pick(values) if values.ndim == 1 else jax.vmap(pick)(values)
    share = place - rank
    return found[..., 0] * (1 - share) + found[..., 1] * share


def _inner_risk(path: Trajectory, length: int, percent: float) -> Scalar:
    """Mean over blocks of the percentile of the minute returns inside each."""
    pieces = blocks(path.value, length)
    return mean(percentile(changes(pieces), percent)) if len(pieces) else mean(pieces.ravel())


def _closing_risk(path: Trajectory, length: int, percent: float) -> Scalar:
    """Percentile of the returns between the last values of successive blocks."""
    earned = changes(blocks(path.value, length)[:, -1])
    return percentile(earned, percent) if len(earned) else mean(earned)


def _horizon(path: Trajectory, length: int) -> Scalar:
    """What scales a block's risk to the window's: the root of (365 / days of the
    window) · (1440 / block length).
    """
    return jnp.sqrt(365 * DAY / len(path.value) * DAY / length)


def _raroc(path: Trajectory, length: int) -> Scalar:
    """Yearly return per unit of the blocks' 5 % risk of minute returns."""
    earned = (path.value[-1] / path.value[0]) ** (365 * DAY / len(path.value)) - 1
    return -earned / (_inner_risk(path, length, 5) * _horizon(path, length))


def _mean_yearly(path: Trajectory, length: int) -> Scalar:
    """Mean over blocks of the block's return as a yearly rate."""
    pieces = blocks(path.value, length)
    return mean((pieces[:, -1] / pieces[:, 0]) ** (YEAR / length) - 1)


def _rovar(path: Trajectory, length: int) -> Scalar:
    """Mean yearly return of blocks per unit of the mean 5 % risk of minute returns inside them."""
    return -_mean_yearly(path, length) / (_inner_risk(path, length, 5) * _horizon(path, length))


def _rovar_trad(path: Trajectory, length: int) -> Scalar:
    """Mean yearly return of blocks per unit of the 5 % risk of the returns between their ends; NaN
    with fewer than two blocks.
    """
    return -_mean_yearly(path, length) / (_closing_risk(path, length, 5) * _horizon(path, length))


@metric(unit="1/sqrt(year)", reads="days", sorts=True)
def daily_return_on_var(path: Trajectory | Daily) -> Scalar:
    r"""Return on value at risk of daily returns; infinite if their 5 %
    quantile is no loss. [Dowd, 2000]

    $$\sqrt{365}\;\mathrm{mean}(x) / -\mathrm{quantile}_{5\,\%}(x)$$
    """
    earned = changes(path.days)
    return (
        jnp.sqrt(365.0) * over(mean(earned), percentile(earned, 5)) if len(earned) else mean(earned)
    )


def _define(name: str, unit: str, said: str, compute: Callable[[Trajectory], Scalar]) -> None:
    compute.__doc__ = said
    metric(unit, sorts=True, name=name)(compute)


for _period, _length in _PERIODS.items():
    if _period != "monthly":
        for _percent in (5, 1):
            _tail = f"{100 - _percent}%"
            _define(
                f"{_period}_var_{_tail}",
                "fraction",
                f"Mean over {_period} blocks of the {_percent} % quantile of the "
                "minute returns inside.",
                partial(_inner_risk, length=_length, percent=_percent),
            )
            _define(
                f"{_period}_var_{_tail}_trad",
                "fraction",
                f"{_percent} % quantile of the returns between the ends of {_period} blocks.",
                partial(_closing_risk, length=_length, percent=_percent),
            )
        _define(
            f"{_period}_raroc",
            "1/year",
            f"Yearly return per unit of {_period} 5 % risk of minute returns.",
            partial(_raroc, length=_length),
        )
    _define(
        f"{_period}_rovar",
        "1/year",
        f"Mean yearly return of {_period} blocks per unit of their 5 % risk of minute returns.",
        partial(_rovar, length=_length),
    )
    _define(
        f"{_period}_rovar_trad",
        "1/year",
        f"Mean yearly return of {_period} blocks per unit of the 5 % risk of their returns.",
        partial(_rovar_trad, length=_length),
    )
