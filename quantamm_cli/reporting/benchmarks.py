"""Values of benchmark portfolios at the prices of a trajectory, row by row."""

from collections.abc import Mapping, Sequence

import numpy as np

from quantamm_cli.reporting.periods import Numbers, Period, Unix, pieces


def benchmarks(
    trajectory: Mapping[str, np.ndarray], periods: Sequence[Period]
) -> dict[str, Numbers]:
    """Values (t,) by strategy, of ``unix`` (t,), ``prices`` and ``reserves`` (t, n) and ``value``
    (t,).

    Each portfolio starts every period with the value of the pool. HODL keeps the pool's reserves of
    the first stored row of the period, as in the scores. Constant weights are the shares of value
    in the first row of the run, in every period. This pool of constant weights has no fees, so with
    fees it differs slightly from the one in the scores.
    """
    prices = np.asarray(trajectory["prices"], float)
    reserves = np.asarray(trajectory["reserves"], float)
    value = np.asarray(trajectory["value"], float)
    hodl, uniform, constant = np.full((3, len(value)), np.nan)
    with np.errstate(all="ignore"):
        shares = reserves[0] * prices[0] / value[0]
        for rows in pieces(trajectory["unix"], periods):
            first = rows.start
            hodl[rows] = prices[rows] @ reserves[first]
            uniform[rows] = prices[rows] @ (value[first] / prices.shape[1] / prices[first])
            constant[rows] = value[first] * np.exp(np.log(prices[rows] / prices[first]) @ shares)
    return {"hodl": hodl, "uniform_hodl": uniform, "constant_weight": constant}


def rebased(
    worth: Mapping[str, Numbers], value: Numbers, unix: Unix, periods: Sequence[Period]
) -> dict[str, Numbers]:
    """Values (t,) of portfolios that continue through all periods, scaled to the value of the pool
    (``value``) at the start of each period.
    """
    scaled = {name: np.full(len(value), np.nan) for name in worth}
    with np.errstate(all="ignore"):
        for rows in pieces(unix, periods):
            for name, column in worth.items():
                scaled[name][rows] = value[rows.start] * column[rows] / column[rows.start]
    return scaled


def drawdown(value: Numbers) -> Numbers:
    """Each value (t,) relative to the highest finite one so far, minus one: at most zero."""
    with np.errstate(all="ignore"):
        highest = np.fmax.accumulate(np.where(np.isfinite(value), value, np.nan))
        return np.asarray(value / highest - 1)
