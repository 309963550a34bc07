r"""The parts of a return.

Over a period let $h$ be the growth of holding the first row's reserves, and
$c = \prod (p_T/p_0)^{s}$ that of a geometric mean pool without fees whose constant weights are the
first row's shares of value $s$. Let $m$ be the growth of the same pool and parameters without
frictions, divided by that of its own constant weights. Then the return is

$$\frac{V_T}{V_0} - 1 = \underbrace{(h - 1)}_\text{HODL} + \underbrace{(c - h)}_\text{divergence
loss}
+ \underbrace{c\,(m - 1)}_\text{alpha} + \underbrace{\frac{V_T}{V_0} - c\,m}_\text{frictions}.$$

Divergence loss is at most zero. Alpha is the effect of moving the weights, zero if they are
constant; for a pool with another curve it is the effect of that curve. Frictions are the effect of
fees, gas, noise and trades of others. Where scores are of shares, so is all of this; else changes
of the LP supply are among the frictions.
"""

import numpy as np

from quantamm_cli.core.types import Feed, ParamValues, Trajectory
from quantamm_cli.engine.forward import Spans
from quantamm_cli.evaluation.assess import trajectory
from quantamm_cli.evaluation.sets import arrays, rows_of
from quantamm_cli.pools.base import AbstractPool


def decomposition(
    pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans, path: Trajectory
) -> dict[str, dict[str, float]]:
    """By period the ``returns`` of ``path``, which is the pool's run through all periods, and their
    parts, which sum to them: fractions.
    """
    free = path = path.per_share()
    if feed.frictions is not None or feed.trades is not None:
        basis = feed.basis._replace(supply=None)
        free_feed = feed._replace(frictions=None, trades=None, basis=basis)
        free = trajectory(pool, arrays(params, feed), free_feed, 0, rows_of(spans))
    return {period: parts(path, free, first, last - 1) for period, first, last in spans}


def parts(path: Trajectory, free: Trajectory, first: int, last: int) -> dict[str, float]:
    """The return from row ``first`` to row ``last`` of a path, and its parts; ``free`` is the path
    of the same pool without frictions.
    """
    growth, hodl, constant = _growth(path, first, last)
    if free is path:
        moved = growth
    else:
        free_growth, _, free_constant = _growth(free, first, last)
        moved = constant * free_growth / free_constant
    return {
        "returns": growth - 1,
        "hodl": hodl - 1,
        "divergence_loss": constant - hodl,
        "alpha": moved - constant,
        "frictions": growth - moved,
    }


def _growth(path: Trajectory, first: int, last: int) -> tuple[float, float, float]:
    """The growth of the pool, of holding its reserves, and of constant weights."""
    opening, closing = float(path.value[first]), float(path.value[last])
    reserves = np.asarray(path.reserves[first], float)
    before, after = np.asarray(path.prices[first], float), np.asarray(path.prices[last], float)
    shares = reserves * before / opening
    return (
        closing / opening,
        float(reserves @ after) / opening,
        float(np.exp(shares @ np.log(after / before))),
    )
