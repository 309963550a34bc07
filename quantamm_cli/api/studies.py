"""Tuning: studies whose trials are trainings."""

from collections.abc import Mapping, Sequence

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.config.composed import Composed
from quantamm_cli.config.overrides import override_value
from quantamm_cli.config.read import read_study
from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.workflows import tune as tuning
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.study_plan import plan

Range = Sequence[float | str] | Mapping[str, Sequence[object]] | str


def tune(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    space: Mapping[str, Range] | None = None,
    trials: int | None = None,
    fresh: bool = False,
    other_data: bool = False,
    fork: bool = False,
    pick: str = "knee",
    monitor: Monitor | None = None,
) -> tuning.StudyResult:
    """Search over training settings; each trial is a training. A second call resumes the study.

    Args:
        market: prices that replace those of the settings.
        space: ranges by dotted name of the setting: ``{"fit.learning_rate": [0.01, 0.5, "log"]}``;
            by default ``space=training``.
        trials: number of trainings in total; by default ``study.trials``.
        other_data: if the study was made from other inputs, run another beside it.
        fork: if the study was begun with other inputs or other code, begin another beside it.
        pick: the best of several objectives: ``knee``, an objective or ``weights:A=1,B=2``.
    """
    if not isinstance(space, Mapping | None):
        raise ArgumentError(
            "space", f"is of type {type(space).__name__}; expected ranges by the names of settings"
        )
    overrides: list[str] = []
    if space is not None:
        overrides = [f"space.{name}={override_value(values)}" for name, values in space.items()]
        overrides.append("space=none")
    if trials is not None:
        overrides.append(f"study.trials={trials}")
    composed = checked(settings, market, monitor).of("tune").but(*overrides)
    monitor = monitor or Monitor()
    search = Search(composed.tree, composed.overrides, composed.config_dir)
    study = read_study(composed.tree)
    if market is not None and study.workers != 1:
        raise ArgumentError(
            "study.workers",
            f"is {study.workers}; other processes cannot see a market in memory: take 1, or write "
            "the market to files",
        )
    return tuning.tune(
        plan(search, study, monitor),
        Composed(composed.tree, composed.overrides, composed.config_dir),
        fresh,
        monitor,
        other_data=other_data,
        fork=fork,
        pick=pick,
    )
