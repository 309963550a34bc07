"""From what the program leaves to what is told of a competition:
strategies in the order of the line-up.
"""

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.simulation import Plan
from quantamm_cli.competition.types import Market, Outcome


def assembled(left: Any, plan: Plan, market: Market, pointed: bool) -> Outcome:
    """Of ``left``, a ``Left`` on the host, simulations lie along the first
    axis, points along the last.
    """
    rows = np.argsort(plan.order)
    with_normaliser = np.append(rows, len(rows))
    tally = left.pools.tally

    def table(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(s, …, p)`` to ``(p, s, …)``, or without points."""
        turned = np.moveaxis(values, -1, 0)
        return np.ascontiguousarray(turned if pointed else turned[0])

    def pools(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return table(values[:, with_normaliser])

    def whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
        return values.astype(np.int64)

    memories = [jax.tree.map(np.asarray, memory) for memory in left.pools.memories]
    fault_step, reason, asked = (
        np.concatenate([getattr(memory, name) for memory in memories], axis)
        for name, axis in (("fault_step", 1), ("reason", 1), ("asked", 2))
    )
    steps = market.prices.shape[1]
    reserves = np.stack([left.pools.x, left.pools.y], 2)
    return Outcome(
        edge=pools(tally.arb_edge + tally.retail_edge),
        arb_edge=pools(tally.arb_edge),
        retail_edge=pools(tally.retail_edge),
        arb_volume=pools(tally.arb_volume),
        retail_volume=pools(tally.retail_volume),
        fills=whole(pools(tally.arb_fills + tally.retail_fills)),
        arb_fills=whole(pools(tally.arb_fills)),
        epoch_edge=table(left.epochs.edge[:, :, with_normaliser]),
        epoch_score=table(left.epochs.score[:, :, rows]),
        epoch_weight=table(left.epochs.weight[:, :, rows]),
        capital=pools(tally.capital) / steps,
        final_reserves=table(reserves[:, with_normaliser]),
        invalid_step=whole(table(fault_step[:, rows])),
        invalid_reason=whole(table(reason[:, rows])),
        invalid_input=table(np.moveaxis(asked[:, :, rows], 1, 2)),
        checked=whole(table(tally.checked)),
        worse=whole(table(tally.worse)),
    )
