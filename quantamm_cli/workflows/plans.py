"""The results of dry runs: what would be run or scored, and where."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.advice import start_over, train_anew
from quantamm_cli.store.origin import origin
from quantamm_cli.store.result_names import KINDS, StoredResult
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.grid import plan_grid
from quantamm_cli.workflows.inputs import check_planned, stored_run
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.refusals import check_training
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.simulate import raw_parameters

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


def plan_training(
    settings: Train,
    selection: Selection,
    monitor: Monitor,
    shorter: Run | None = None,
    anew: bool = False,
) -> PlannedRun:
    """The run of a training; refuses what ``train`` would before its first step.

    ``shorter``: a run of the same settings with fewer steps, to continue from. ``anew``: it is
    trained although a stored run of these settings was made from other inputs.

    Raises:
        ConfigError, DataError, StoreError: as ``train`` does, of the same settings.
    """
    start_jax()
    check_training(settings, selection)
    stored = None if anew else shorter or stored_run(settings)
    check_planned(settings, monitor, stored, train_anew() if shorter else start_over())
    return PlannedRun(settings)


def plan_simulation(
    settings: Simulate, tree: JsonObject, stored: bool, monitor: Monitor
) -> PlannedRun:
    """The run of a simulation, or of a grid if ``tree`` has one; refuses what ``simulate`` and
    ``grid`` would before they compute. ``stored``: the parameters come from a run.

    Raises:
        ConfigError, DataError: as ``simulate`` and ``grid`` do, of the same settings.
    """
    start_jax()
    if tree.get("grid"):
        plan_grid(settings, tree, stored)
    else:
        raw_parameters(settings)
    check_planned(settings, monitor)
    return PlannedRun(settings)


@dataclass(frozen=True)
class PlannedReproduction(Result):
    """The stored result that would be run again, and its settings."""

    result: StoredResult

    @property
    def _settings(self) -> JsonObject:
        stored = origin(self.result)
        return {} if stored is None else stored.settings

    def to_dict(self) -> dict[str, Json]:
        return {
            "run": self.result.name,
            "kind": KINDS[self.result.kind],
            "settings": self._settings,
        }

    def tables(self) -> Sequence[Table | str]:
        return [leaves_table(f"{self.result.short}…", self._settings)]


@dataclass(frozen=True)
class PlannedEvaluation(Result):
    """The parameter set that would be scored."""

    chosen: "Chosen"

    def to_dict(self) -> dict[str, Json]:
        return self.chosen.to_dict()

    def tables(self) -> Sequence[Table | str]:
        return ()
