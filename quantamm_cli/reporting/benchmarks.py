"""What anyone could have had with the prices of a trajectory, row by row."""

from collections.abc import Mapping, Sequence

import numpy as np

from quantamm_cli.reporting.periods import Numbers, Period, Unix, pieces


def benchmarks(
    trajectory: Mapping[str, np.ndarray], periods: Sequence[Period]
) -> dict[str, Numbers]:
    """Values (t,) by strategy, of ``unix`` (t,), ``prices`` and ``reserves``
    (t, n) and ``value`` (t,).

    As in the scores: each period's HODL buys at its first row (here: the first written down), and
    the pool of constant weights, the first row's shares of value, goes on. Each is worth what the
    pool is where a period begins. The pool of constant weights trades without fees here: where
    there are fees, its scores differ a little.
    """
    prices, reserves, value = (
        np.asarray(trajectory[name], float) for name in ("prices", "reserves", "value")
    )
    held, alike, constant = (np.full(len(value), np.nan) for _ in range(3))
    with np.errstate(all="ignore"):
        shares = reserves[0] * prices[0] / value[0]
        for rows in pieces(trajectory["unix"], periods):
            first = rows.start
            held[rows] = prices[rows] @ reserves[first]
            alike[rows] = prices[rows] @ (value[first] / prices.shape[1] / prices[first])
            constant[rows] = value[first] * np.exp(np.log(prices[rows] / prices[first]) @ shares)
    return {"hodl": held, "uniform_hodl": alike, "constant_weight": constant}


def rebased(
    worth: Mapping[str, Numbers], value: Numbers, unix: Unix, periods: Sequence[Period]
) -> dict[str, Numbers]:
    """Values (t,) of others that go on through all periods, each worth what the pool is
    (``value``) where a period begins.
    """
    found = {name: np.full(len(value), np.nan) for name in worth}
    with np.errstate(all="ignore"):
        for rows in pieces(unix, periods):
            for name, own in worth.items():
                found[name][rows] = value[rows.start] * own[rows] / own[rows.start]
    return found


def drawdown(value: Numbers) -> Numbers:
    """Each value (t,) against the highest finite one so far, a fraction at or below zero."""
    with np.errstate(all="ignore"):
        return np.asarray(
            value / np.fmax.accumulate(np.where(np.isfinite(value), value, np.nan)) - 1
        )
