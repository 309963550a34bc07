"""Value at risk, and returns per unit of it. All have the sign by which higher is better."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.executor import compiled
from quantamm_cli.core.types import DAY, Daily, Trajectory
from quantamm_cli.kernels.frictionless import jax_ops as kernels
from quantamm_cli.metrics.base import (
    MONTH,
    TWO_RETURNS,
    WEEK,
    YEAR,
    Scalar,
    blocks,
    changes,
    excess,
    mean,
    metric,
    per_loss,
    yearly_above_cash,
)

_PERIODS = {"daily": DAY, "weekly": WEEK, "monthly": MONTH}
_NO_RISK = "the 5 % quantile of the returns is no loss"


def percentile(values: Float[Array, "*m k"], percent: float) -> Float[Array, "*m"]:
    """The percentile of the last axis, interpolated linearly.

    Compiled code, where it is available, selects instead of sorting.
    """
    if not compiled():
        return jnp.percentile(values, percent, axis=-1)
    position = percent / 100 * (values.shape[-1] - 1)
    rank = int(position)
    pick = partial(kernels.neighbours, rank=rank)
    neighbours = pick(values) if values.ndim == 1 else jax.vmap(pick)(values)
    share = position - rank
    return neighbours[..., 0] * (1 - share) + neighbours[..., 1] * share


def _inner_risk(path: Trajectory, length: int, percent: float) -> Scalar:
    """Mean over blocks of the percentile of the minute returns inside each."""
    return mean(percentile(changes(blocks(path.value, length)), percent))


def _closing_risk(path: Trajectory, length: int, percent: float) -> Scalar:
    """Percentile of the returns between the last values of successive blocks."""
    return percentile(changes(blocks(path.value, length)[:, -1]), percent)


def _horizon(path: Trajectory, length: int) -> Scalar:
    """The factor from a block's risk to the window's: sqrt(365 / days of the window * 1440 / block
    length).
    """
    return jnp.sqrt(365 * DAY / len(path.value) * DAY / length)


def _raroc(path: Trajectory, length: int) -> Scalar:
    """Yearly return per unit of the blocks' 5 % risk of minute returns."""
    yearly = (path.value[-1] / path.value[0]) ** (365 * DAY / len(path.value)) - 1
    risk = _inner_risk(path, length, 5) * _horizon(path, length)
    return per_loss(yearly_above_cash(yearly, path), risk)


def _mean_yearly(path: Trajectory, length: int) -> Scalar:
    """Mean over blocks of their returns as yearly rates, above the riskless rate."""
    pieces = blocks(path.value, length)
    yearly = (pieces[:, -1] / pieces[:, 0]) ** (YEAR / length) - 1
    if path.cash is not None:
        cash = blocks(path.cash, length)
        yearly = yearly - jnp.expm1((cash[:, -1] - cash[:, 0]) * (YEAR / length))
    return mean(yearly)


def _rovar(path: Trajectory, length: int) -> Scalar:
    """Mean yearly return of blocks per unit of the mean 5 % risk of minute returns inside them."""
    risk = _inner_risk(path, length, 5) * _horizon(path, length)
    return per_loss(_mean_yearly(path, length), risk)


def _rovar_trad(path: Trajectory, length: int) -> Scalar:
    """Mean yearly return of blocks per unit of the 5 % risk of the returns between their ends."""
    risk = _closing_risk(path, length, 5) * _horizon(path, length)
    return per_loss(_mean_yearly(path, length), risk)


@metric(unit="1/sqrt(year)", reads="days", sorts=True, minutes=TWO_RETURNS, lacks=_NO_RISK)
def daily_return_on_var(path: Trajectory | Daily) -> Scalar:
    """Return on value at risk of daily returns, whose mean is above the riskless rate; there is
    none if their 5 % quantile is not negative. [Dowd, 2000]

    sqrt(365) mean(x) / -(5 % quantile of x)
    """
    returns = changes(path.days)
    return jnp.sqrt(365.0) * per_loss(mean(excess(path)), percentile(returns, 5))


def _define(
    name: str, unit: str, text: str, minutes: int, compute: Callable[[Trajectory], Scalar]
) -> None:
    compute.__doc__ = text
    loss = unit == "fraction"
    metric(unit, sorts=True, name=name, minutes=minutes, lacks=_NO_RISK, loss=loss)(compute)


for _period, _length in _PERIODS.items():
    _two_returns = 3 * _length  # between the ends of three blocks
    if _period != "monthly":
        for _percent in (5, 1):
            _tail = f"{100 - _percent}%"
            _define(
                f"{_period}_var_{_tail}",
                "fraction",
                f"Mean over {_period} blocks of the {_percent} % quantile of the "
                "minute returns inside.",
                _length,
                partial(_inner_risk, length=_length, percent=_percent),
            )
            _define(
                f"{_period}_var_{_tail}_trad",
                "fraction",
                f"{_percent} % quantile of the returns between the ends of {_period} blocks.",
                _two_returns,
                partial(_closing_risk, length=_length, percent=_percent),
            )
        _define(
            f"{_period}_raroc",
            "1/year",
            f"Yearly return per unit of {_period} 5 % risk of minute returns.",
            _length,
            partial(_raroc, length=_length),
        )
    _define(
        f"{_period}_rovar",
        "1/year",
        f"Mean yearly return of {_period} blocks per unit of their 5 % risk of minute returns.",
        _length,
        partial(_rovar, length=_length),
    )
    _define(
        f"{_period}_rovar_trad",
        "1/year",
        f"Mean yearly return of {_period} blocks per unit of the 5 % risk of their returns.",
        _two_returns,
        partial(_rovar_trad, length=_length),
    )
