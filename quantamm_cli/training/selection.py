"""The choice of a step and a parameter set: each rule is a pure function of the history.

Ties go to the earlier step, then to the lower set. NaN is never chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.suggestions import did_you_mean

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Scoreboard:
    """Objective and selection metric of every entry and set, ``(entries, sets)``; ``None`` for a
    period that the run does not have.
    """

    steps: NDArray[np.int64]
    objective: Scores
    train: Scores
    validation: Scores | None
    test: Scores | None


@dataclass(frozen=True)
class Choice:
    """A parameter set of an entry (an index, not a step)."""

    entry: int
    set: int


class Unavailable(Exception):  # noqa: N818 - a result of a rule, not an error
    """The rule needs a period that this run does not have."""


def _period(board: Scoreboard, name: str) -> Scores:
    scores: Scores | None = getattr(board, name)
    if scores is None:
        raise Unavailable(f"this run has no {name} period")
    return scores


def _highest(scores: Scores) -> Choice | None:
    """The first finite maximum in order of step, then set."""
    ranked = np.where(np.isfinite(scores), scores, -np.inf)
    if not ranked.size or ranked.max() == -np.inf:
        return None
    entry, chosen = np.unravel_index(int(ranked.argmax()), ranked.shape)
    return Choice(int(entry), int(chosen))


def _last(board: Scoreboard, minimum: float) -> Choice | None:
    """The last entry; of its sets the best on validation (or train, without one). Where none has
    a score, the best by its objective, or else the first: the last entry can always be opened.
    """
    scores = board.train if board.validation is None else board.validation
    best = _highest(scores[-1:]) or _highest(board.objective[-1:]) or Choice(0, 0)
    return Choice(len(scores) - 1, best.set)


def _best_of(period: str) -> "Rule":
    return lambda board, minimum: _highest(_period(board, period))


def _best_if(period: str, other: str) -> "Rule":
    """Best on one period among those at ``minimum`` or above on another."""

    def rule(board: Scoreboard, minimum: float) -> Choice | None:
        enough = _period(board, other) >= minimum
        return _highest(np.where(enough, _period(board, period), np.nan))

    return rule


Rule = Callable[[Scoreboard, float], Choice | None]

RULES: dict[str, Rule] = {
    "last": _last,
    "best_objective": _best_of("objective"),
    "best_train": _best_of("train"),
    "best_validation": _best_of("validation"),
    "best_test": _best_of("test"),
    "best_train_min_test": _best_if("train", "test"),
    "best_test_min_train": _best_if("test", "train"),
}

_LONG_NAMES = {
    "best_train_objective": "best_train",
    "best_validation_objective": "best_validation",
    "best_test_objective": "best_test",
    "best_train_min_test_objective": "best_train_min_test",
    "best_test_min_train_objective": "best_test_min_train",
}


def rule_name(method: str) -> str:
    """The name of the rule for ``load``; the reference's long names are accepted, too.

    Raises:
        ArgumentError: there is no such rule.
    """
    name = _LONG_NAMES.get(method, method)
    if name not in RULES:
        hint, names = did_you_mean(method, RULES), ", ".join(RULES)
        message = f"no selection rule is called '{method}'{hint} (there are: {names})"
        raise ArgumentError("load", message)
    return name


def select(board: Scoreboard, method: str, minimum: float = 0.0) -> Choice:
    """The entry and set that a rule chooses.

    Raises:
        ArgumentError: the rule needs a period that the run does not have, or nothing qualifies.
    """
    try:
        choice = RULES[rule_name(method)](board, minimum)
    except Unavailable as absent:
        raise ArgumentError("load", f"{method}: {absent}") from None
    if choice is None:
        bar = f" at {minimum:g} or above" if "_min_" in method else ""
        raise ArgumentError("load", f"{method}: no step has a finite score{bar}")
    return choice


def has_choice(board: Scoreboard, method: str) -> bool:
    """Whether a rule for periods that the run has chooses anything of it."""
    return RULES[method](board, 0.0) is not None


def entries_to_keep(board: Scoreboard) -> list[int]:
    """Indices of entries to keep in a checkpoint: the choice of every rule, the last entry, and
    every hundredth step.
    """
    entries = {index for index, step in enumerate(board.steps) if step % 100 == 0}
    entries.add(len(board.steps) - 1)
    for rule in RULES.values():
        try:
            choice = rule(board, 0.0)
        except Unavailable:
            continue
        if choice is not None:
            entries.add(choice.entry)
    return sorted(entries)
