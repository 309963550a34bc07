r"""The best block length of a bootstrap, estimated from the series.

[Politis & White, 2004, Econometric Reviews 23:53; correction: Patton, Politis & White, 2009,
Econometric Reviews 28:372]
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.evaluation.sharpe import undefined


def block_length(returns: ArrayLike) -> float:
    r"""The mean block length, in days, with which the stationary bootstrap best estimates the
    variance of a mean; at least 1.

    $$b = \left(\frac{2 \hat G^2}{\hat D}\right)^{1/3} T^{1/3},
    \qquad \hat G = \sum_k \lambda(k/M)\,|k|\,\hat R(k), \qquad
    \hat D = 2 \Big(\sum_k \lambda(k/M)\,\hat R(k)\Big)^2$$

    $\hat R$ are autocovariances; $\lambda$ is the flat-top window, which is one up to a half and
    falls to zero at one. $M$ is twice the lag after which
    $K = \max(5, \lceil\sqrt{\log_{10} T}\rceil)$ autocorrelations in a row are below
    $2\sqrt{\log_{10}(T)/T}$. The result is at most $\lceil\min(3\sqrt T, T/3)\rceil$, and 1 if the
    series does not vary.
    """
    series = np.asarray(returns, np.float64)
    days = len(series)
    if undefined(series):
        return 1.0
    run = max(5, math.ceil(math.sqrt(math.log10(days))))
    longest = min(math.ceil(math.sqrt(days)) + run, days - 1)
    centred = series - series.mean()
    products = [centred[lag:] @ centred[: days - lag] for lag in range(longest + 1)]
    covariance = np.array(products) / days
    width = _bandwidth(covariance, days, run)
    lags = np.arange(-width, width + 1)
    windowed = np.clip(2 * (1 - np.abs(lags) / width), 0, 1) * covariance[np.abs(lags)]
    total = float(windowed.sum())
    weighted = float((np.abs(lags) * windowed).sum())
    best = (weighted**2 / total**2 * days) ** (1 / 3) if total else math.inf
    return float(np.clip(best, 1.0, math.ceil(min(3 * math.sqrt(days), days / 3))))


def _bandwidth(covariance: np.ndarray, days: int, run: int) -> int:
    """Twice the last significant lag: the next ``run`` lags are not significant."""
    longest = len(covariance) - 1
    significant = np.abs(covariance[1:]) >= 2 * math.sqrt(math.log10(days) / days) * covariance[0]
    for lag in range(longest - run + 1):
        if not significant[lag : lag + run].any():
            return min(2 * max(lag, 1), longest)
    last = int(np.flatnonzero(significant).max(initial=-1)) + 1
    return min(2 * max(last, 1), longest)
