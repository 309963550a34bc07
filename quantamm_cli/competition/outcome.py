"""From the arrays of the compiled program to an :class:`Outcome`: strategies in line-up order."""

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.simulation import Plan
from quantamm_cli.competition.types import Market, Outcome


def make_outcome(final: Any, plan: Plan, market: Market, with_points: bool) -> Outcome:
    """The outcome of ``final``, a ``FinalState`` of host arrays with simulations along the first
    axis and points along the last.
    """
    rows = np.argsort(plan.order)
    with_normaliser = np.append(rows, len(rows))
    tally = final.pools.tally

    def table(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(s, …, p)`` to ``(p, s, …)``, or to ``(s, …)`` without points."""
        turned = np.moveaxis(values, -1, 0)
        return np.ascontiguousarray(turned if with_points else turned[0])

    def pools(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return table(values[:, with_normaliser])

    def integers(values: NDArray[np.float64]) -> NDArray[np.int64]:
        return values.astype(np.int64)

    memories = [jax.tree.map(np.asarray, memory) for memory in final.pools.memories]
    fault_step = np.concatenate([memory.fault_step for memory in memories], 1)
    reason = np.concatenate([memory.fault_reason for memory in memories], 1)
    inputs = np.concatenate([memory.fault_input for memory in memories], 2)
    steps = market.prices.shape[1]
    reserves = np.stack([final.pools.x, final.pools.y], 2)
    return Outcome(
        edge=pools(tally.arb_edge + tally.retail_edge),
        arb_edge=pools(tally.arb_edge),
        retail_edge=pools(tally.retail_edge),
        arb_volume=pools(tally.arb_volume),
        retail_volume=pools(tally.retail_volume),
        fills=integers(pools(tally.arb_fills + tally.retail_fills)),
        arb_fills=integers(pools(tally.arb_fills)),
        epoch_edge=table(final.epochs.edge[:, :, with_normaliser]),
        epoch_score=table(final.epochs.score[:, :, rows]),
        epoch_weight=table(final.epochs.weight[:, :, rows]),
        capital=pools(tally.capital) / steps,
        final_reserves=table(reserves[:, with_normaliser]),
        invalid_step=integers(table(fault_step[:, rows])),
        invalid_reason=integers(table(reason[:, rows])),
        invalid_input=table(np.moveaxis(inputs[:, :, rows], 1, 2)),
        checked=integers(table(tally.checked)),
        worse=integers(table(tally.worse)),
    )
