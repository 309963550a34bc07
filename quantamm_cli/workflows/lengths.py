"""Refuses periods that are too short for a metric."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train

_LONGER = {
    "train": "an earlier start or a later end",
    "validation": "a larger split.validation_fraction, an earlier start",
    "test": "a later test_end",
}
"""How a period is made longer."""


def check_period(settings: Train, period: str, metric: str, where: str) -> None:
    """Raise ConfigError, at ``where``, if a period is too short for a metric."""
    first, last = settings.periods[period]
    check_length(metric, last - first, where, f"the {period} period", _LONGER[period])


def check_length(metric: str, rows: int, where: str, what: str, longer: str) -> None:
    """Raise ConfigError, at ``where``, if so many rows of ``what`` are too short for a metric."""
    from quantamm_cli.metrics.undefined import duration, lack  # with JAX: a listing needs it not

    if lack(metric, rows) is not None:
        raise ConfigError(
            where,
            f"{metric} needs {needed(metric)}, but {what} has {duration(rows)}; take {longer}, or "
            "another metric",
        )


def needed(metric: str) -> str:
    from quantamm_cli.metrics import METRICS
    from quantamm_cli.metrics.undefined import duration

    return duration(METRICS[metric].minutes)


def periods_of(rule: str) -> list[str]:
    """The periods by whose scores a rule selects. ``last`` needs none: it always finds a set."""
    if not rule.startswith("best_"):
        return []
    return [period for period in _LONGER if f"_{period}" in rule]
