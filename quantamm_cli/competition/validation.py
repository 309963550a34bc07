"""Whether a strategy keeps the rules, before it competes: tried on many reserves,
states and sizes, both sides.

A quote must be finite, not below zero, below the reserve, never fall as more is paid, and never
give more for a further unit than for the one before. The slack is what double precision itself
loses: 1e-12 of the reserve a quote.
"""

from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.strategy import MOST_STATE, Strategy
from quantamm_cli.competition.validation_probes import LIVES, SWAPS, Trial, tried
from quantamm_cli.settings.json_tree import Json, JsonObject

Flags = NDArray[np.bool_]

SLACK = 1e-12


class Check(NamedTuple):
    """One rule, and the first input for which it does not hold."""

    name: str
    passed: bool
    told: str = ""
    inputs: JsonObject | None = None


def validated(strategy: Strategy) -> list[Check]:
    """Every rule, in the order in which they matter; those after one that makes them
    meaningless are left out.
    """
    size = sum(np.size(leaf) for leaf in jax.tree.leaves(strategy.init()))
    checks = [Check("state", size <= MOST_STATE, f"{size} numbers, {MOST_STATE} at most")]
    if not checks[-1].passed:
        return checks
    trial = tried(strategy)
    checks.append(_finite_states(trial))
    if not strategy.is_curve:
        checks.append(_fees(trial))
    checks += [
        _each("finite", trial, np.isfinite(trial.got), "is not a number"),
        _each("bounded", trial, _bounded(trial), "is not between 0 and the reserve"),
    ]
    if all(check.passed for check in checks):
        checks += [_quotes_something(trial), _monotone(trial), _concave(trial)]
    checks.append(_deterministic(strategy, trial))
    return checks


def _finite_states(trial: Trial) -> Check:
    flat = [
        np.asarray(leaf, float).reshape(LIVES, SWAPS, -1) for leaf in jax.tree.leaves(trial.states)
    ]
    whole: Flags = np.ones((LIVES, SWAPS), bool)
    for leaf in flat:
        whole &= np.isfinite(leaf).all(-1)
    if whole.all():
        return Check("remembers numbers", True, f"after {LIVES * SWAPS:,} fills")
    life, moment = (int(index) for index in np.argwhere(~whole)[0])
    return Check(
        "remembers numbers",
        False,
        f"its state is not finite after {moment} fills",
        _asked(trial, life, moment),
    )


def _fees(trial: Trial) -> Check:
    sound: Flags = np.isfinite(trial.fees) & (trial.fees <= 1)
    if sound.all():
        low, high = trial.fees.min() * 1e4, trial.fees.max() * 1e4
        return Check("fees", True, f"{low:.4g} to {high:.4g} bps")
    life, moment, side = (int(index) for index in np.argwhere(~sound)[0])
    told = (
        f"the {('bid', 'ask')[side]} fee is {trial.fees[life, moment, side]:.6g}; a fee is a "
        "fraction of what is paid, 1 at most"
    )
    return Check("fees", False, told, _asked(trial, life, moment))


def _out_of(trial: Trial) -> Numbers:
    """The reserve that is paid from, ``(l, t, 2, 1)``: X if the trader buys, then Y."""
    return trial.reserves[..., None]


def _bounded(trial: Trial) -> Flags:
    bounded: Flags = (trial.got >= 0) & (trial.got < _out_of(trial))
    return bounded


def _quotes_something(trial: Trial) -> Check:
    sides = [
        name for name, side in (("sells X", 0), ("buys X", 1)) if (trial.got[:, :, side] > 0).any()
    ]
    if not sides:
        return Check("quotes", False, "every quote is 0, on both sides")
    return Check("quotes", True, f"it {' and '.join(sides)}{'' if len(sides) == 2 else ' only'}")


def _monotone(trial: Trial) -> Check:
    holds: Flags = np.diff(trial.got, axis=-1) >= -2 * SLACK * _out_of(trial)
    return _each("monotone", trial, holds, "falls although more is paid")


def _concave(trial: Trial) -> Check:
    slack = 2 * SLACK * _out_of(trial)
    slope = np.diff(trial.got, axis=-1) / np.diff(trial.paid, axis=-1)
    room = slack * (
        1 / np.diff(trial.paid, axis=-1)[..., 1:] + 1 / np.diff(trial.paid, axis=-1)[..., :-1]
    )
    holds: Flags = slope[..., 1:] <= slope[..., :-1] * (1 + 1e-9) + room
    return _each("concave", trial, holds, "gives more for a further unit than for the one before")


def _each(name: str, trial: Trial, holds: Flags, wrong: str) -> Check:
    """A rule of every quote, or of neighbouring ones; the smallest size that breaks it is shown."""
    if holds.all():
        return Check(name, True, f"{trial.got.size:,} quotes")
    life, moment, side, first = (int(index) for index in np.argwhere(~holds)[0])
    last = first + 1 + trial.got.shape[-1] - holds.shape[-1]
    where = _asked(trial, life, moment) | {
        "side": ("buy X", "sell X")[side],
        "amounts": trial.paid[life, moment, side, first:last].tolist(),
        "quotes": trial.got[life, moment, side, first:last].tolist(),
    }
    share = float(1 - holds.mean())
    return Check(name, False, f"a quote {wrong} ({share:.2%} of those tried)", where)


def _asked(trial: Trial, life: int, moment: int) -> dict[str, Json]:
    state = [np.asarray(leaf)[life, moment].tolist() for leaf in jax.tree.leaves(trial.states)]
    return {
        "reserves": trial.reserves[life, moment].tolist(),
        "state": state,
        "fills_before": moment,
    }


def _deterministic(strategy: Strategy, trial: Trial) -> Check:
    """The same again: traced anew, so that what was drawn or kept while it was traced shows."""
    again = tried(strategy)
    pairs = zip(
        jax.tree.leaves(trial._replace(states=())),
        jax.tree.leaves(again._replace(states=())),
        strict=True,
    )
    same = all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)
    other = "other quotes when asked again: it keeps or draws something besides its state"
    return Check("deterministic", same, "the same again, to the last bit" if same else other)
