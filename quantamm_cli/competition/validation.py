"""Checks that a strategy keeps the rules, before it competes: many reserves, states, sizes and both
sides.

A quote must be finite, not negative, below the reserve, increasing and concave in the payment. The
tolerance is the rounding error of double precision: 1e-12 of the reserve a quote.
"""

from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.lineup import state_size
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.strategy import MOST_STATE, Strategy
from quantamm_cli.competition.validation_probes import LIVES, SWAPS, Probes, probe
from quantamm_cli.settings.json_tree import Json, JsonObject

Flags = NDArray[np.bool_]

SLACK = 1e-12


class Check(NamedTuple):
    """One rule, and the first input for which it does not hold."""

    name: str
    passed: bool
    detail: str = ""
    inputs: JsonObject | None = None


def check_strategy(strategy: Strategy) -> list[Check]:
    """Check every rule. A rule that has no meaning after a failed one is left out."""
    size = state_size(strategy)
    checks = [Check("state", size <= MOST_STATE, f"{size} numbers, at most {MOST_STATE}")]
    if not checks[-1].passed:
        return checks
    probes = probe(strategy)
    checks.append(_finite_states(probes))
    if not strategy.is_curve:
        checks.append(_fees(probes))
    checks += [
        _every_quote("finite", probes, np.isfinite(probes.got), "is not a number"),
        _every_quote("bounded", probes, _bounded(probes), "is not between 0 and the reserve"),
    ]
    if all(check.passed for check in checks):
        checks += [_quotes_something(probes), _monotone(probes), _concave(probes)]
    checks.append(_deterministic(strategy, probes))
    return checks


def _finite_states(probes: Probes) -> Check:
    name = "remembers numbers"
    finite: Flags = np.ones((LIVES, SWAPS), bool)
    for leaf in jax.tree.leaves(probes.states):
        finite &= np.isfinite(np.asarray(leaf, float).reshape(LIVES, SWAPS, -1)).all(-1)
    if finite.all():
        return Check(name, True, f"after {LIVES * SWAPS:,} fills")
    life, moment = map(int, np.argwhere(~finite)[0])
    detail = f"its state is not finite after {moment} fills"
    return Check(name, False, detail, _inputs(probes, life, moment))


def _fees(probes: Probes) -> Check:
    sound: Flags = np.isfinite(probes.fees) & (probes.fees <= 1)
    if sound.all():
        low, high = probes.fees.min() * 1e4, probes.fees.max() * 1e4
        return Check("fees", True, f"{low:.4g} to {high:.4g} bps")
    life, moment, side = map(int, np.argwhere(~sound)[0])
    detail = (
        f"the {('bid', 'ask')[side]} fee is {probes.fees[life, moment, side]:.6g}; a fee is a "
        "fraction of the payment, at most 1"
    )
    return Check("fees", False, detail, _inputs(probes, life, moment))


def _out_of(probes: Probes) -> Numbers:
    """The reserve that is paid from, ``(l, t, 2, 1)``: X if the trader buys, then Y."""
    return probes.reserves[..., None]


def _bounded(probes: Probes) -> Flags:
    bounded: Flags = (probes.got >= 0) & (probes.got < _out_of(probes))
    return bounded


def _quotes_something(probes: Probes) -> Check:
    sells, buys = ((probes.got[:, :, side] > 0).any() for side in (0, 1))
    if sells and buys:
        return Check("quotes", True, "it sells X and buys X")
    if sells or buys:
        return Check("quotes", True, f"it {'sells' if sells else 'buys'} X only")
    return Check("quotes", False, "every quote is 0, on both sides")


def _monotone(probes: Probes) -> Check:
    holds: Flags = np.diff(probes.got, axis=-1) >= -2 * SLACK * _out_of(probes)
    return _every_quote("monotone", probes, holds, "falls although more is paid")


def _concave(probes: Probes) -> Check:
    slack, more = 2 * SLACK * _out_of(probes), np.diff(probes.paid, axis=-1)
    slope = np.diff(probes.got, axis=-1) / more
    room = slack * (1 / more[..., 1:] + 1 / more[..., :-1])
    holds: Flags = slope[..., 1:] <= slope[..., :-1] * (1 + 1e-9) + room
    wrong = "gives more for a further unit than for the one before"
    return _every_quote("concave", probes, holds, wrong)


def _every_quote(name: str, probes: Probes, holds: Flags, wrong: str) -> Check:
    """A rule of every quote, or of neighbouring ones; shows the smallest size that breaks it."""
    if holds.all():
        return Check(name, True, f"{probes.got.size:,} quotes")
    life, moment, side, first = map(int, np.argwhere(~holds)[0])
    last = first + 1 + probes.got.shape[-1] - holds.shape[-1]
    inputs = _inputs(probes, life, moment) | {
        "side": ("buy X", "sell X")[side],
        "amounts": probes.paid[life, moment, side, first:last].tolist(),
        "quotes": probes.got[life, moment, side, first:last].tolist(),
    }
    share = float(1 - holds.mean())
    return Check(name, False, f"a quote {wrong} ({share:.2%} of those checked)", inputs)


def _inputs(probes: Probes, life: int, moment: int) -> dict[str, Json]:
    state = [np.asarray(leaf)[life, moment].tolist() for leaf in jax.tree.leaves(probes.states)]
    reserves = probes.reserves[life, moment].tolist()
    return {"reserves": reserves, "state": state, "fills_before": moment}


def _deterministic(strategy: Strategy, probes: Probes) -> Check:
    """Whether a second trace gives the same quotes: it differs if the first one drew or stored
    something outside the state.
    """
    name, again = "deterministic", probe(strategy)
    first, second = (jax.tree.leaves(one._replace(states=())) for one in (probes, again))
    pairs = zip(first, second, strict=True)
    if all(np.array_equal(one, other, equal_nan=True) for one, other in pairs):
        return Check(name, True, "equal quotes when asked again, to the last bit")
    return Check(
        name, False, "other quotes when asked again: it draws or stores something outside its state"
    )
