r"""What a return is made of.

Over a period let $h$ be the growth of the first row's reserves if they are kept, and
$c = \prod (p_T/p_0)^{s}$ that of a geometric mean pool without fees whose weights stay the first
row's shares of value $s$. Of the same pool and parameters without frictions, $m$ is the growth for
each unit that its own constant weights would have made. Then the return is

$$\frac{V_T}{V_0} - 1 = \underbrace{(h - 1)}_\text{HODL} + \underbrace{(c - h)}_\text{divergence
loss}
+ \underbrace{c\,(m - 1)}_\text{alpha} + \underbrace{\frac{V_T}{V_0} - c\,m}_\text{frictions}.$$

Divergence loss is never above zero. Alpha is what moving the weights added, zero if they stay; for
a pool with another curve what that curve did. Frictions are all that fees, gas, noise, given trades
and changes of liquidity made of it.
"""

import numpy as np

from quantamm_cli.core.types import Feed, ParamValues, Trajectory
from quantamm_cli.engine.forward import Spans
from quantamm_cli.evaluation.assess import trajectory
from quantamm_cli.evaluation.sets import arrays
from quantamm_cli.pools.base import AbstractPool


def decomposition(
    pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans, path: Trajectory
) -> dict[str, dict[str, float]]:
    """By period the ``returns`` of ``path``, the pool's run through all of them, and its parts,
    which sum to them: fractions.
    """
    free = path
    if feed.frictions is not None or feed.trades is not None:
        unhindered = feed._replace(frictions=None, trades=None)
        free = trajectory(
            pool, arrays(params, feed), unhindered, 0, max(last for _, _, last in spans)
        )
    return {period: parts(path, free, first, last - 1) for period, first, last in spans}


def parts(path: Trajectory, free: Trajectory, first: int, last: int) -> dict[str, float]:
    """The return from row ``first`` to row ``last`` of a path and its parts;
    ``free`` is the same pool without frictions.
    """
    growth, hodl, constant = _grown(path, first, last)
    if free is path:
        moved = growth
    else:
        unhindered, _, own = _grown(free, first, last)
        moved = constant * unhindered / own
    return {
        "returns": growth - 1,
        "hodl": hodl - 1,
        "divergence_loss": constant - hodl,
        "alpha": moved - constant,
        "frictions": growth - moved,
    }


def _grown(path: Trajectory, first: int, last: int) -> tuple[float, float, float]:
    """The growth of the pool, of its reserves if they are kept, and of constant weights."""
    opening, closing = (float(path.value[row]) for row in (first, last))
    reserves, before, after = (
        np.asarray(column, float)
        for column in (path.reserves[first], path.prices[first], path.prices[last])
    )
    shares = reserves * before / opening
    return (
        closing / opening,
        float(reserves @ after) / opening,
        float(np.exp(shares @ np.log(after / before))),
    )
