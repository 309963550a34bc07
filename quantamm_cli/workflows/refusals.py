"""Refuses trainings and selections that cannot be, before prices are read."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.metrics import METRICS
from quantamm_cli.metrics.undefined import duration, lack
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.data import check_practice
from quantamm_cli.workflows.selection import (
    Choose,
    Selection,
    chooser,
    selection_metric,
    selection_rule,
)
from quantamm_cli.workflows.training_run import initial_parameters

_LONGER = {
    "train": "an earlier start or a later end",
    "validation": "a larger split.validation_fraction, an earlier start",
    "test": "a later test_end",
}
"""How a period is made longer."""


def check_training(settings: Train, selection: Selection) -> Choose:
    """The function that selects a set of the finished run.

    Raises:
        ConfigError: the settings cannot be trained, or nothing could be selected of the run.
    """
    choose = chooser(settings, selection)
    initial_parameters(settings)
    check_practice(settings)
    for each in settings.cycles:
        _check_windows(each)
        for period in _periods(selection_rule(settings, selection)):
            check_period(each, period, selection_metric(settings), _selects(settings))
    return choose


def check_period(settings: Train, period: str, metric: str, where: str) -> None:
    """Raise ConfigError, at ``where``, if a period is too short for a metric."""
    first, last = settings.periods[period]
    check_length(metric, last - first, where, f"the {period} period", _LONGER[period])


def check_length(metric: str, rows: int, where: str, what: str, longer: str) -> None:
    """Raise ConfigError, at ``where``, if so many rows of ``what`` are too short for a metric."""
    if lack(metric, rows) is not None:
        raise ConfigError(
            where,
            f"{metric} needs {_needed(metric)}, but {what} has {duration(rows)}; take {longer}, or "
            "another metric",
        )


def _check_windows(settings: Train) -> None:
    metric, rows = settings.metric.kind, settings.window_rows
    parts = settings.objective.parts(rows)
    if not parts:
        longer = "a smaller split.bout_offset, an earlier start or a later end"
        check_length(metric, rows, "metric", "a training window", longer)
        return
    _, first, last = parts[0]
    if lack(metric, last - first) is not None:
        raise ConfigError(
            "objective.periods",
            f"{metric} needs {_needed(metric)}, but each of {len(parts)} parts of a training "
            f"window has {duration(last - first)}; take fewer parts, a smaller split.bout_offset, "
            "or another metric",
        )


def _needed(metric: str) -> str:
    return duration(METRICS[metric].minutes)


def _periods(rule: str) -> list[str]:
    """The periods by whose scores a rule selects. ``last`` needs none: it always finds a set."""
    if not rule.startswith("best_"):
        return []
    return [period for period in _LONGER if f"_{period}" in rule]


def _selects(settings: Train) -> str:
    """The setting that names the metric that selects."""
    return "metric" if settings.split.selection_metric is None else "split.selection_metric"
