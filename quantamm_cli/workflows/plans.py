"""The results of dry runs: what would be run or scored, and where."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.engine.feed import feed
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.data import data_digest, last_date, load_market
from quantamm_cli.workflows.grid import grid_feed, plan_grid
from quantamm_cli.workflows.refusals import check_training
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.simulate import raw_parameters
from quantamm_cli.workflows.training_run import check_market
from quantamm_cli.workflows.warm_start import check_same_data

if TYPE_CHECKING:
    from quantamm_cli.workflows.evaluate import Chosen


@dataclass(frozen=True)
class PlannedRun(Result):
    """Settings, fingerprint and checkpoint path of a run."""

    settings: Simulate

    def to_dict(self) -> dict[str, Json]:
        return {
            "run": f"run_{self.settings.fingerprint}",
            "fingerprint": self.settings.fingerprint,
            "settings": self.settings.identity(),
            "files": {"checkpoint": str(self._checkpoint)},
        }

    @property
    def _checkpoint(self) -> Path:
        return Store(self.settings.runs_dir).path(self.settings.fingerprint)

    def tables(self) -> Sequence[Table | str]:
        exists = " (exists)" if self._checkpoint.exists() else ""
        lines = f"fingerprint {self.settings.fingerprint}\ncheckpoint  {self._checkpoint}{exists}"
        return [json.dumps(self.settings.identity(), indent=2), lines]


def plan_training(settings: Train, selection: Selection, shorter: Run | None = None) -> PlannedRun:
    """The run of a training, which is checked as far as its first step; nothing is written.

    Raises:
        ConfigError, DataError: as ``train`` does, of the same settings.
    """
    start_jax()
    check_training(settings, selection)
    market = load_market(settings, last_date(settings))
    if shorter is not None:
        check_same_data(shorter, data_digest(settings, market))
    check_market(settings, market)
    return PlannedRun(settings)


def plan_simulation(settings: Simulate, tree: JsonObject, stored: bool) -> PlannedRun:
    """The run of a simulation, or of a grid if ``tree`` has one, which is checked as far as its
    first minute; nothing is written. ``stored``: the parameters come from a run.

    Raises:
        ConfigError, DataError: as ``simulate`` and ``grid`` do, of the same settings.
    """
    start_jax()
    if tree.get("grid"):
        grid_feed(plan_grid(settings, tree, stored), load_market(settings, settings.end))
    else:
        raw_parameters(settings)
        feed(settings, load_market(settings, settings.end))
    return PlannedRun(settings)


@dataclass(frozen=True)
class PlannedEvaluation(Result):
    """The parameter set that would be scored."""

    chosen: "Chosen"

    def to_dict(self) -> dict[str, Json]:
        return self.chosen.to_dict()

    def tables(self) -> Sequence[Table | str]:
        return ()
