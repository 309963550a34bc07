"""The books of the original challenge's engine as an outcome: one epoch, no splits to check."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.types import Fault, Floats, Outcome, Rules


class Faults(NamedTuple):
    """The first fault in each simulation, as in an :class:`Outcome`."""

    step: NDArray[np.int64]
    """``(s,)``"""
    reason: NDArray[np.int64]
    """``(s,)``"""
    inputs: Floats
    """``(s, 5)``"""


def no_faults(count: int) -> Faults:
    return Faults(np.full(count, -1), np.full(count, int(Fault.NONE)), np.full((count, 5), np.nan))


def outcome(pools: Floats, booked: Floats, steps: int, rules: Rules, faults: Faults) -> Outcome:
    """The outcome of completed :func:`quantamm_cli.competition.challenge.play.play` calls."""
    count = len(booked)
    edge, volume, fills = np.moveaxis(booked, 3, 0)
    total = edge.sum(axis=2)
    score = total[:, :1] - rules.risk_aversion * np.maximum(0.0, -total[:, :1])
    if rules.score == "per_capital":
        score = score * (10_000.0 / (2.0 * rules.base[1]))
    return Outcome(
        edge=total,
        arb_edge=edge[:, :, 0],
        retail_edge=edge[:, :, 1],
        arb_volume=volume[:, :, 0],
        retail_volume=volume[:, :, 1],
        fills=fills.sum(axis=2).astype(np.int64),
        arb_fills=fills[:, :, 0].astype(np.int64),
        epoch_edge=total[:, None, :],
        epoch_score=score[:, None, :],
        epoch_weight=np.ones((count, 1, 1)),
        capital=pools[:, :, 2] / steps,
        final_reserves=pools[:, :, :2],
        invalid_step=faults.step[:, None],
        invalid_reason=faults.reason[:, None],
        invalid_input=faults.inputs[:, None],
        checked=np.zeros(count, np.int64),
        worse=np.zeros(count, np.int64),
    )
