"""Stored simulations and grids: shown, and drawn as one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.reporting.grid import Grid, grid_page, points_tables
from quantamm_cli.reporting.run_tables import scores_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.settings.history import Older, older, older_json
from quantamm_cli.settings.json_tree import Json, JsonObject, text, without
from quantamm_cli.store.recorded import (
    GridDocument,
    GridPlace,
    RecordedPlace,
    SimulationDocument,
    SimulationPlace,
)
from quantamm_cli.store.result_names import StoredResult, pool_of
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.results import Result


@dataclass(frozen=True)
class _Stored(Result):
    """A stored document, and the definitions that have changed since it was made."""

    result: StoredResult
    document: SimulationDocument | GridDocument

    @property
    def older(self) -> tuple[Older, ...]:
        """The definitions it was made by that have changed since."""
        meanings: Any = self.document["provenance"].get("meanings")
        return older(self.document["settings"], "simulate", (), meanings)

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Json]:
        document: Any = without(self.document, "schema", "sha256")
        return {
            **document,
            **older_json(self.older),
            "status": "finished",
            "files": self.files,
        }


@dataclass(frozen=True)
class StoredSimulation(_Stored):
    """Settings, scores and provenance of a simulation."""

    document: SimulationDocument

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return _files(SimulationPlace.of(self.result), "trajectory.npz")

    def tables(self) -> Sequence[Table | str]:
        document = self.document
        end = text(document["settings"], "end")
        strategies: Any = {"pool": document["metrics"], **document["benchmarks"]}
        scores = {name: {end: numbers} for name, numbers in strategies.items()}
        return [
            leaves_table(f"{self.result.short}…", document["settings"]),
            *map(str, self.older),
            leaves_table("made by", without(document["provenance"], "data", "inputs")),
            scores_table(_title(document["settings"]), scores),
        ]


@dataclass(frozen=True)
class StoredGrid(_Stored):
    """Settings, points and scores of a grid. ``with_settings``: its tables begin with settings."""

    document: GridDocument
    unit: str = ""
    """Of the metric that orders the points."""
    with_settings: bool = True

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return _files(GridPlace.of(self.result))

    @property
    def grid(self) -> Grid:
        """The scores, as plots and pages take them."""
        document = self.document
        scores, metric = _floats(document["scores"][document["metric"]]), document["metric"]
        return Grid(document["axes"], scores, metric, self.unit, _title(document["settings"]))

    def tables(self) -> Sequence[Table | str]:
        document = self.document
        scores = {name: _floats(column) for name, column in document["scores"].items()}
        shown: list[Table | str] = [*points_tables(self.grid, document["points"], scores)]
        if self.with_settings:
            shown.insert(0, leaves_table(f"{self.result.short}…", document["settings"]))
        return [*map(str, self.older), *shown]


def stored_simulation(result: StoredResult) -> StoredSimulation:
    """A stored simulation. Raises StoreError if it is missing or damaged."""
    return StoredSimulation(result, SimulationPlace.of(result).read())


def stored_grid(result: StoredResult, with_settings: bool = True) -> StoredGrid:
    """A stored grid. Raises StoreError if it is missing or damaged."""
    from quantamm_cli.metrics import METRICS

    document = GridPlace.of(result).read()
    unit = METRICS[document["metric"]].unit if document["metric"] in METRICS else ""
    return StoredGrid(result, document, unit, with_settings)


def draw_grid(stored: StoredGrid) -> dict[str, str]:
    """Write the plots and the page of a grid beside its document; returns their paths by name."""
    place, document = GridPlace.of(stored.result), stored.document
    drawn = plots.images("grid", stored.grid)
    folded = {
        "Settings": leaves_table("Settings", document["settings"]),
        "Versions": leaves_table("Versions", document["provenance"]),
    }
    page = grid_page(stored.result.name, stored.grid, stored.tables(), folded, drawn)
    return plots.write_page(page, place.folder) | plots.written(drawn, place.folder)


def _files(place: RecordedPlace[Any], *others: str) -> dict[str, str]:
    paths = {"result": place.document}
    paths |= {Path(name).stem: place.folder / name for name in others}
    return {name: str(path) for name, path in paths.items() if path.exists()}


def _title(settings: JsonObject) -> str:
    return f"{pool_of(settings)} from {text(settings, 'start')} to {text(settings, 'end')}"


def _floats(column: Sequence[float | None]) -> np.ndarray:
    """Numbers in which ``None`` stands for a value that is not finite."""
    return np.asarray(column, dtype=float)
