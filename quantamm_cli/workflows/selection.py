"""Which parameter set of a run is taken: by a rule, from its checkpoint or its history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantamm_cli.errors import ArgumentError, ConfigError
from quantamm_cli.reporting.run_tables import Choice
from quantamm_cli.settings.json_tree import JsonObject, branch, text
from quantamm_cli.settings.run import Train
from quantamm_cli.store.record import Entry, Scores
from quantamm_cli.store.runs import Run

if TYPE_CHECKING:
    from quantamm_cli.training.selection import Scoreboard


@dataclass(frozen=True)
class Selection:
    """What is asked for: a rule (``None``: the usual one), and for some rules the
    least score on another period.
    """

    rule: str | None = None
    minimum: float = 0.0

    @property
    def suffix(self) -> str:
        """What tells files of this selection from those of the usual one."""
        if self.rule is None:
            return ""
        return f"-{self.rule}" + (f"-{self.minimum:g}" if "_min_" in self.rule else "")


USUAL = Selection()
"""The best set on validation, or without a validation period the best on the training period."""


@dataclass(frozen=True)
class Selected:
    """One parameter set of one step of a run, and the rule that chose it."""

    method: str
    step: int
    set: int
    params: dict[str, Sequence[float] | Sequence[Sequence[float]]]
    """Raw, by name: a list, or a list a layer."""

    def to_dict(self) -> dict[str, str | int]:
        """The ``selection`` of the JSON a command prints."""
        return {"load": self.method, "step": self.step, "set": self.set}


def scoreboard(entries: Sequence[Entry], metric: str) -> "Scoreboard":
    """What selection looks at, of entries as the store keeps them."""
    from quantamm_cli.training.selection import (
        Scoreboard,
    )  # brings JAX, which a listing does without

    def scores(period: str) -> np.ndarray:
        return _floats([entry["metrics"][period][metric] for entry in entries])

    steps, objective = (
        np.array([entry["step"] for entry in entries]),
        _floats([entry["objective"] for entry in entries]),
    )
    others = {
        period: scores(period)
        for period in ("validation", "test")
        if period in entries[0]["metrics"]
    }
    return Scoreboard(
        steps, objective, scores("train"), others.get("validation"), others.get("test")
    )


def _floats(rows: Sequence[Scores]) -> np.ndarray:
    """Lists in which ``None`` stands for what is not finite."""
    return np.asarray(rows, dtype=float)


def chooser(settings: Train, asked: Selection) -> Callable[[Run], Selected]:
    """What a selection takes of a run of these settings: ``best_validation`` unless asked,
    ``best_train`` without validation.

    Raises:
        ConfigError: at once if there is no such rule or period,
            so that nobody trains for an answer that cannot be given.
    """
    from quantamm_cli.training.selection import rule_name, select

    default = "best_validation" if "validation" in settings.periods else "best_train"
    method = rule_name(asked.rule or default)
    absent = [
        period
        for period in ("validation", "test")
        if f"_{period}" in method and period not in settings.periods
    ]
    if absent:
        raise ArgumentError("load", f"{method}: these settings have no {absent[0]} period")

    def choose(run: Run) -> Selected:
        # A checkpoint keeps the choice of every rule at a minimum of 0;
        # any other minimum asks the whole history.
        entries = run.history() if asked.minimum else run.entries
        choice = select(scoreboard(entries, selection_metric(settings)), method, asked.minimum)
        entry = entries[choice.entry]
        return Selected(
            method,
            entry["step"],
            choice.set,
            {key: value[choice.set] for key, value in entry["params"].items()},
        )

    return choose


def selection_metric(settings: Train) -> str:
    """The metric that selects: the training metric unless
    ``split.selection_metric`` says otherwise.
    """
    return settings.split.selection_metric or settings.metric.kind


def stored_metric(settings: JsonObject) -> str:
    """The same of settings as they are stored."""
    split = branch(settings, "split")
    return (
        text(branch(settings, "metric"), "kind")
        if split["selection_metric"] is None
        else text(split, "selection_metric")
    )


def all_selections(run: Run, minimum: float = 0.0) -> dict[str, Choice]:
    """Step, set and scores of every selection rule that chooses something."""
    if not run.entries:
        return {}
    from quantamm_cli.training.selection import RULES, select

    metric = stored_metric(run.settings)
    entries = run.history() if minimum else run.entries
    board = scoreboard(entries, metric)
    selections: dict[str, Choice] = {}
    for rule in RULES:
        try:
            choice = select(board, rule, minimum)
        except ConfigError:
            continue
        entry = entries[choice.entry]
        scores = {
            period: numbers[metric][choice.set] for period, numbers in entry["metrics"].items()
        }
        selections[rule] = {
            "step": entry["step"],
            "set": choice.set,
            "metric": metric,
            "scores": scores,
        }
    return selections
