"""The parameter set that a rule selects of a run, from its checkpoint or its history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantamm_cli.errors import ArgumentError, ConfigError, argument
from quantamm_cli.reporting.run_tables import Choice
from quantamm_cli.settings.json_tree import JsonObject, branch, text
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.store.record import Entry, Scores
from quantamm_cli.store.runs import Run
from quantamm_cli.workflows.lengths import check_period, periods_of
from quantamm_cli.workflows.monitor import Monitor

if TYPE_CHECKING:
    from quantamm_cli.training.selection import Scoreboard


@dataclass(frozen=True)
class Selection:
    """A selection rule (``None``: the default), for some rules the least score on another period,
    and the metric it compares (``None``: the one that selects while training).
    """

    rule: str | None = None
    minimum: float = 0.0
    by: str | None = None

    @property
    def suffix(self) -> str:
        """Added to file names, unless the rule is the default."""
        by = "" if self.by is None else f"-by-{self.by}"
        if self.rule is None:
            return by
        minimum = f"-{self.minimum:g}" if "_min_" in self.rule else ""
        return f"-{self.rule}{minimum}{by}"


Choose = Callable[[Run], "Selected"]
"""Selects a parameter set of a run."""
USUAL = Selection()
"""The best set on the validation period or, without one, on the training period."""


@dataclass(frozen=True)
class Selected:
    """One parameter set of one step of a run, and the rule that chose it.

    ``by``: the metric it was chosen by, if that is not the one that selected while training.
    """

    method: str
    step: int
    set: int
    params: dict[str, Sequence[float] | Sequence[Sequence[float]]]
    """Raw values by name: a list, or one list for each layer."""
    by: str | None = None
    missed: str | None = None
    """The default rule, where it found no score."""

    def to_dict(self) -> dict[str, str | int]:
        """The ``selection`` of the JSON a command prints."""
        tree: dict[str, str | int] = {"load": self.method, "step": self.step, "set": self.set}
        return tree if self.by is None else tree | {"by": self.by}


def scoreboard(entries: Sequence[Entry], metric: str) -> "Scoreboard":
    """The scores that selection compares, of stored entries."""
    # imports JAX, which a listing does not need
    from quantamm_cli.training.selection import Scoreboard

    def scores(period: str) -> np.ndarray:
        return _floats([entry["metrics"][period][metric] for entry in entries])

    by_period = {period: scores(period) for period in entries[0]["metrics"]}
    return Scoreboard(
        np.array([entry["step"] for entry in entries]),
        _floats([entry["objective"] for entry in entries]),
        by_period["train"],
        by_period.get("validation"),
        by_period.get("test"),
    )


def _floats(rows: Sequence[Scores]) -> np.ndarray:
    """An array of lists in which ``None`` stands for a value that is not finite."""
    return np.asarray(rows, dtype=float)


def selection_rule(settings: Train, selection: Selection) -> str:
    """The name of the rule: by default ``best_validation``, or ``best_train`` without a validation
    period.

    Raises:
        ArgumentError: there is no such rule.
    """
    from quantamm_cli.training.selection import rule_name

    return rule_name(selection.rule or f"best_{settings.selection_period}")


def usual_rule(board: "Scoreboard", method: str) -> str:
    """The default rule, or ``last`` if it finds no score at any step."""
    from quantamm_cli.training.selection import has_choice

    return method if has_choice(board, method) else "last"


def chooser(settings: Train, selection: Selection) -> Choose:
    """The function that selects a parameter set of a run of these settings.

    Where the default rule finds no score at any step, the last step is selected.

    Raises:
        ConfigError: the rule, its period or its metric does not exist. Raised here, before any
            training.
    """
    from quantamm_cli.training.selection import select

    method = selection_rule(settings, selection)
    for period in ("validation", "test"):
        if f"_{period}" in method and period not in settings.periods:
            raise ArgumentError("load", f"{method}: these settings have no {period} period")

    _check_metric(selection.by)
    if selection.by is not None:
        for period in periods_of(method):
            check_period(settings, period, selection.by, argument("by"))

    def choose(run: Run) -> Selected:
        entries = _entries(run, selection, settings)
        board = scoreboard(entries, selection.by or settings.selection_metric)
        rule = method if selection.rule is not None else usual_rule(board, method)
        choice = select(board, rule, selection.minimum)
        entry = entries[choice.entry]
        params = {name: sets[choice.set] for name, sets in entry["params"].items()}
        missed = None if rule == method else method
        return Selected(rule, entry["step"], choice.set, params, selection.by, missed)

    return choose


def report_missed(selected: Selected, settings: Train, monitor: Monitor) -> None:
    """Warn if the default rule found no score, so that the last step was selected."""
    if selected.missed is not None:
        from quantamm_cli.metrics import METRICS

        metric = selected.by or settings.selection_metric
        monitor.warn(
            f"{metric} does not exist on the {selected.missed.removeprefix('best_')} period at any "
            f"step ({METRICS[metric].lacks}), so none is the best; the last step is selected"
        )


def _check_metric(name: str | None) -> None:
    if name is None:
        return
    from quantamm_cli.metrics import METRICS

    if name not in METRICS:
        near = did_you_mean(name, METRICS)
        raise ArgumentError(
            "by", f"no metric is called '{name}'{near}; `qsim show metrics` lists them"
        )


def _entries(run: Run, selection: Selection, settings: Train | None) -> Sequence[Entry]:
    """The entries to select from.

    A checkpoint has those that every rule chooses at a minimum of 0 by the metric that selected
    while training; any other minimum or metric needs the whole history. ``settings`` are those of
    the run, which a metric needs.
    """
    if selection.by is not None and settings is not None:
        from quantamm_cli.workflows.scored_history import scored_history

        return scored_history(run, settings, selection.by)
    return run.history() if selection.minimum else run.entries


def stored_metric(settings: JsonObject) -> str:
    """The metric that selects, of stored settings."""
    split = branch(settings, "split")
    if split["selection_metric"] is None:
        return text(branch(settings, "metric"), "kind")
    return text(split, "selection_metric")


def all_selections(
    run: Run, selection: Selection = USUAL, settings: Train | None = None
) -> dict[str, Choice]:
    """What every selection rule chooses of a run, by the metric and the minimum of ``selection``;
    rules that choose nothing are left out.

    ``settings`` are those of the run; a selection by a metric needs them.
    """
    if not run.entries:
        return {}
    from quantamm_cli.training.selection import RULES, select

    _check_metric(selection.by)
    metric, minimum = selection.by or stored_metric(run.settings), selection.minimum
    entries = _entries(run, selection, settings)
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
