"""Refuses trainings and selections that cannot be, before prices are read."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.metrics.undefined import duration, lack
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.data import check_practice
from quantamm_cli.workflows.lengths import check_length, check_period, needed, periods_of
from quantamm_cli.workflows.selection import (
    Choose,
    Selection,
    chooser,
    selection_rule,
)
from quantamm_cli.workflows.training_run import initial_parameters

__all__ = ["check_period", "check_training"]


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
        for period in periods_of(selection_rule(settings, selection)):
            check_period(each, period, settings.selection_metric, _selects(settings))
    return choose


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
            f"{metric} needs {needed(metric)}, but each of {len(parts)} parts of a training "
            f"window has {duration(last - first)}; take fewer parts, a smaller split.bout_offset, "
            "or another metric",
        )


def _selects(settings: Train) -> str:
    """The setting that names the metric that selects."""
    return "metric" if settings.split.selection_metric is None else "split.selection_metric"
