"""Tuning: a study whose trials are trainings."""

from collections.abc import Mapping, Sequence

from quantamm_cli.api.settings import Settings, checked
from quantamm_cli.config.search_space import Search, spelt
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import branch
from quantamm_cli.tuning.settings import Study
from quantamm_cli.workflows import tune as tuning
from quantamm_cli.workflows.monitor import Monitor

Range = Sequence[float | str] | Mapping[str, Sequence[object]] | str


def tune(
    settings: Settings,
    *,
    market: MemoryMarket | None = None,
    space: Mapping[str, Range] | None = None,
    trials: int | None = None,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> tuning.StudyResult:
    """Search over training settings; each trial is a training,
    and a second call goes on with the study.

    Args:
        market: prices in the place of those of the settings.
        space: what is searched, by dotted name: ``{"fit.learning_rate": [0.01, 0.5, "log"]}``; by
            default ``space=training``.
        trials: trainings in all; by default ``study.trials``.
    """
    if not isinstance(space, Mapping | None):
        raise ArgumentError(
            "space", f"is of type {type(space).__name__}; expected ranges by the names of settings"
        )
    words = [f"space.{name}={spelt(told)}" for name, told in (space or {}).items()]
    words += ["space=none"] if space is not None else []
    words += [] if trials is None else [f"study.trials={trials}"]
    asked = checked(settings, market, monitor).of("tune").but(*words)
    monitor = monitor or Monitor()
    search = Search(asked.tree, asked.overrides, asked.config_dir)
    planned = tuning.plan(search, decode(Study, branch(asked.tree, "study"), "study"), monitor)
    return tuning.tune(planned, asked.overrides, fresh, monitor)
