"""The books of the original's engine as an outcome: one epoch, nothing solved for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.types import Fault, Floats, Outcome, Rules


class Broken(NamedTuple):
    """Which simulations' strategies broke a rule, as in an outcome: step (s,),
    reason (s,), what was told (s, 5).
    """

    step: NDArray[np.int64]
    reason: NDArray[np.int64]
    told: Floats


def none_broken(count: int) -> Broken:
    """Everyone valid."""
    return Broken(np.full(count, -1), np.full(count, int(Fault.NONE)), np.full((count, 5), np.nan))


def outcome(pools: Floats, booked: Floats, steps: int, rules: Rules, broken: Broken) -> Outcome:
    """From what :func:`quantamm_cli.competition.challenge.play.play` leaves."""
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
        invalid_step=broken.step[:, None],
        invalid_reason=broken.reason[:, None],
        invalid_input=broken.told[:, None],
        checked=np.zeros(count, np.int64),
        worse=np.zeros(count, np.int64),
    )
