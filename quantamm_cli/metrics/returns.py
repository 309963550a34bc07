"""Returns, and returns over holding."""

import jax

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import YEAR, Scalar, metric

Path = Trajectory | Daily


def hodl(path: Path) -> Scalar:
    """End value of the first row's reserves, held."""
    return (jax.lax.stop_gradient(path.first.reserves) * path.last.prices).sum()


def uniform_hodl(path: Path) -> Scalar:
    """End value of the first row's value, put into all assets in equal parts and held."""
    value = (jax.lax.stop_gradient(path.first.reserves) * path.first.prices).sum()
    return value * (path.last.prices / path.first.prices).mean()


def annual(ratio: Scalar, minutes: int) -> Scalar:
    """The yearly return of a growth by ``ratio`` in ``minutes``, which are not zero."""
    return ratio ** (YEAR / minutes) - 1


@metric(unit="fraction", reads="days", minutes=2)
def returns(path: Path) -> Scalar:
    """Return over the window.

    V_{N-1} / V_0 - 1
    """
    return path.last.value / path.first.value - 1


@metric(unit="fraction a year", reads="days", minutes=2)
def annualised_returns(path: Path) -> Scalar:
    """Return as a yearly rate.

    (V_{N-1} / V_0)^(525600 / (N-1)) - 1
    """
    return annual(path.last.value / path.first.value, path.minutes - 1)


@metric(unit="fraction", reads="days", minutes=2)
def returns_over_hodl(path: Path) -> Scalar:
    """Return over holding the first row's reserves R_0.

    V_{N-1} / sum_i R_{0,i} p_{N-1,i} - 1
    """
    return path.last.value / hodl(path) - 1


@metric(unit="fraction a year", reads="days", minutes=2)
def annualised_returns_over_hodl(path: Path) -> Scalar:
    """Return over holding, as a yearly rate."""
    return annual(path.last.value / hodl(path), path.minutes - 1)


@metric(unit="fraction", reads="days", minutes=2)
def returns_over_uniform_hodl(path: Path) -> Scalar:
    """Return over holding equal parts of all n assets, bought at the first row.

    V_{N-1} / sum_i u_i p_{N-1,i} - 1 with u_i = V_0 / (n p_{0,i})
    """
    return path.last.value / uniform_hodl(path) - 1


@metric(unit="fraction a year", reads="days", minutes=2)
def annualised_returns_over_uniform_hodl(path: Path) -> Scalar:
    """Return over holding equal parts, as a yearly rate."""
    return annual(path.last.value / uniform_hodl(path), path.minutes - 1)
