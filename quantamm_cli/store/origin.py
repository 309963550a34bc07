"""The settings of a stored result of any kind, and what made it."""

from collections.abc import Mapping
from dataclasses import dataclass

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store.checkpoint import Run, read_checkpoint
from quantamm_cli.store.other_results import read_study
from quantamm_cli.store.recorded import GridPlace, SimulationPlace
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.walks import WalkPlace, read_walk


@dataclass(frozen=True)
class Origin:
    """The settings of a stored result, its provenance, and the number of its document.

    ``root``: the command that the settings are of, ``train`` or ``simulate``.
    """

    settings: JsonObject
    provenance: JsonObject
    schema: int = DOCUMENT
    root: str = "train"

    @classmethod
    def of_run(cls, run: Run) -> "Origin":
        """Of a run."""
        return cls(run.settings, run.provenance, run.schema)


def origin(result: StoredResult) -> Origin | None:
    """Of a stored result; ``None`` for a competition, whose settings are of another kind.

    The provenance of a walk-forward is that of its first cycle; that of a study is empty.

    Raises:
        StoreError: it is missing or damaged.
    """
    if result.kind == "run":
        return Origin.of_run(read_checkpoint(result.path))
    if result.kind == "simulation":
        document = SimulationPlace.of(result).read()
        return Origin(document["settings"], document["provenance"], document["schema"], "simulate")
    if result.kind == "grid":
        grid = GridPlace.of(result).read()
        return Origin(grid["settings"], grid["provenance"], grid["schema"], "simulate")
    if result.kind == "walk":
        walk = read_walk(WalkPlace.of(result).choices()[0])
        made_by = _first_cycle(result, walk.result["cycles"][0]["run"])
        return Origin(walk.settings, made_by, _number(walk.result))
    if result.kind == "study":
        study = read_study(result)
        return Origin(study["identity"]["train"], {}, _number(study))
    return None


def _first_cycle(result: StoredResult, run: str) -> JsonObject:
    """Its provenance; empty if the run of the cycle is gone."""
    try:
        return read_checkpoint(Place.of(result.path.parent / f"{run}.json").checkpoint).provenance
    except StoreError:
        return {}


def _number(document: Mapping[str, object]) -> int:
    schema = document.get("schema")
    return schema if isinstance(schema, int) else DOCUMENT
