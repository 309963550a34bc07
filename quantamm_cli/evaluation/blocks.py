r"""How long the blocks of a bootstrap should be, from the series itself.

[Politis & White, 2004, Econometric Reviews 23:53; correction: Patton, Politis & White, 2009,
Econometric Reviews 28:372]
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.evaluation.sharpe import undefined


def block_length(returns: ArrayLike) -> float:
    r"""The mean block length of the stationary bootstrap that estimates the variance of a mean
    best, in days; 1 at least.

    $$b = \left(\frac{2 \hat G^2}{\hat D}\right)^{1/3} T^{1/3},
    \qquad \hat G = \sum_k \lambda(k/M)\,|k|\,\hat R(k), \qquad
    \hat D = 2 \Big(\sum_k \lambda(k/M)\,\hat R(k)\Big)^2$$

    $\hat R$ are autocovariances, $\lambda$ is the flat-top window, one up to a half and falling to
    zero at one. $M$ is twice the lag after which $K = \max(5, \lceil\sqrt{\log_{10} T}\rceil)$
    autocorrelations in a row are below $2\sqrt{\log_{10}(T)/T}$. No longer than
    $\lceil\min(3\sqrt T, T/3)\rceil$. One of series that do not vary.
    """
    series = np.asarray(returns, np.float64)
    days = len(series)
    if undefined(series):
        return 1.0
    quiet = max(5, math.ceil(math.sqrt(math.log10(days))))
    longest = min(math.ceil(math.sqrt(days)) + quiet, days - 1)
    centred = series - series.mean()
    covariance = (
        np.array([centred[lag:] @ centred[: days - lag] for lag in range(longest + 1)]) / days
    )
    lags = np.arange(-(width := _bandwidth(covariance, days, quiet)), width + 1)
    near = np.clip(2 * (1 - np.abs(lags) / width), 0, 1) * covariance[np.abs(lags)]
    total = float(near.sum())
    curved = float((np.abs(lags) * near).sum())
    best = (curved**2 / total**2 * days) ** (1 / 3) if total else math.inf
    return float(np.clip(best, 1.0, math.ceil(min(3 * math.sqrt(days), days / 3))))


def _bandwidth(covariance: np.ndarray, days: int, quiet: int) -> int:
    """Twice the last lag that matters: behind it ``quiet`` in a row do not."""
    longest = len(covariance) - 1
    loud = np.abs(covariance[1:]) >= 2 * math.sqrt(math.log10(days) / days) * covariance[0]
    last = next(
        (lag for lag in range(longest - quiet + 1) if not loud[lag : lag + quiet].any()), None
    )
    if last is None:  # never quiet: the last lag that is loud
        last = int(np.flatnonzero(loud).max()) + 1 if loud.any() else 0
    return min(2 * max(last, 1), longest)
