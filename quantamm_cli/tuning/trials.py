"""Trials as they are stored, and what follows from them. Knows no Optuna."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quantamm_cli.settings.json_tree import JsonObject

ENDED = ("finished", "pruned", "failed")


@dataclass(frozen=True)
class Trial:
    """A trial as the journal has it. ``settings`` are the searched ones by dotted name."""

    number: int
    state: str
    values: tuple[float, ...] = ()
    """A score for each objective; empty unless finished."""
    settings: JsonObject = field(default_factory=dict)
    run: str | None = None
    reason: str | None = None
    code: int | None = None
    violations: Mapping[str, float] = field(default_factory=dict)
    """By constrained metric, what is beyond its limit; not above 0 where it is met."""
    seconds: float | None = None
    """The time from its last claim to its end."""
    worker: str | None = None
    """The lease of the worker that has it."""
    retried: bool = False
    """Whether a later trial tries its values again."""

    @property
    def value(self) -> float | None:
        """The score of the first objective."""
        return self.values[0] if self.values else None

    @property
    def eligible(self) -> bool:
        """Whether it may be the best: finished, and within all limits."""
        return bool(self.values) and all(each <= 0 for each in self.violations.values())


def without_improvement(trials: Sequence[Trial]) -> int:
    """How many trials ended in a row without a better score, in the order of their numbers; 0 with
    several objectives unless none of them improved.
    """
    best: list[float] = []
    count = 0
    for trial in trials:
        if trial.state not in ENDED:
            continue
        better = [
            index
            for index, value in enumerate(trial.values)
            if trial.eligible and (len(best) <= index or value > best[index])
        ]
        count = 0 if better else count + 1
        if trial.eligible:
            best = list(map(max, best, trial.values)) if best else list(trial.values)
    return count if best else 0


def first_all_failed(trials: Sequence[Trial], count: int = 5) -> Trial | None:
    """The last of the first ``count`` trials, if all of them failed: the next would fail too."""
    first = [trial for trial in trials if not trial.retried][:count]
    if len(first) == count and all(trial.state == "failed" for trial in first):
        return first[-1]
    return None


def tired(trials: Sequence[Trial], patience: int | None) -> bool:
    """Whether no trial improved for ``patience`` trials, which ends a study."""
    return patience is not None and without_improvement(trials) >= patience


def ended_early(trials: Sequence[Trial], patience: int | None) -> str | None:
    """Why trials wait that no worker takes; ``None`` if none does."""
    if all(trial.state in ENDED for trial in trials):
        return None
    failed = first_all_failed(trials)
    if failed is not None:
        return f"the first trials failed; the last: {failed.reason}"
    if tired(trials, patience):
        return f"no better trial in {without_improvement(trials)} (study.patience={patience})"
    return None
