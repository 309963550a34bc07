"""Sweeps of ``-m``: stored, shown, and drawn as one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from quantamm_cli.reporting.grid import Grid, grid_page
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject, finite, without
from quantamm_cli.store.inputs import Inputs
from quantamm_cli.store.recorded import SweepDocument, SweepJob, SweepPlace
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.results import Result

METRICS = ("returns", "returns_over_hodl", "daily_log_sharpe")
"""Those of the last period that a table shows; the last is drawn."""


class Job(NamedTuple):
    """A finished job of a sweep: its overrides and its JSON."""

    overrides: tuple[str, ...]
    result: JsonObject


def store_sweep(command: str, runs_dir: str, jobs: Sequence[Job]) -> SweepPlace | None:
    """Write what a sweep ran and found; ``None`` if no job has a stored result.

    Its name covers the overrides of all jobs and the names of their results.

    Raises StoreError.
    """
    if not any(_name(job.result) for job in jobs):
        return None
    common = [word for word in jobs[0].overrides if all(word in job.overrides for job in jobs)]
    own = [[word for word in job.overrides if word not in common] for job in jobs]
    identity: JsonObject = {
        "command": command,
        "overrides": common,
        "jobs": [[*words, *_names(job.result)] for words, job in zip(own, jobs, strict=True)],
    }
    values = [dict(_pair(word) for word in words) for words in own]
    axes: dict[str, dict[str, None]] = {}
    for each in values:
        for axis, value in each.items():
            axes.setdefault(axis, {})[value] = None
    place = SweepPlace(Path(runs_dir), sha256(identity))
    done = [_job(each, job.result) for each, job in zip(values, jobs, strict=True)]
    document: JsonObject = finite(
        {
            "schema": DOCUMENT,
            "run": place.name,
            "fingerprint": place.fingerprint,
            "identity": identity,
            "axes": {axis: list(each) for axis, each in axes.items()},
            "jobs": done,
            **sweep_data([job.result for job in jobs]),
            "provenance": {},
        }
    )
    place.write(document)
    return place


def sweep_data(results: Sequence[JsonObject]) -> dict[str, Json]:
    """``data`` of a sweep, from those of its jobs; empty if none has any."""
    digests = [_digest(result) for result in results]
    if not any(digests):
        return {}
    digest = sha256(digests)
    return {"data": Inputs(digest, {"jobs": digest}).to_dict()}


def _digest(result: JsonObject) -> str | None:
    data = result.get("data")
    return str(data["sha256"]) if isinstance(data, Mapping) else None


def _names(result: JsonObject) -> list[str | None]:
    """The name of the result of a job and, if it was made of other data than it names, their
    digest.
    """
    return [_name(result), *([_digest(result)] if "other_data" in result else [])]


def _name(result: JsonObject) -> str | None:
    """The name of the result of a job."""
    name = result.get("run") or result.get("study")
    return name if isinstance(name, str) else None


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name.lstrip("+~"), value


def _job(values: Mapping[str, str], result: JsonObject) -> JsonObject:
    tree: dict[str, Json] = {"values": dict(values)}
    if (name := _name(result)) is not None:
        tree["run"] = name
    metrics = result.get("metrics")
    if isinstance(metrics, Mapping):
        by_period = all(isinstance(each, Mapping) for each in metrics.values())
        tree["scores"] = metrics if by_period else {"all": metrics}
    if "error" in result:
        tree["error"] = result["error"]
    return tree


@dataclass(frozen=True)
class StoredSweep(Result):
    """The jobs of a sweep with their values and scores."""

    result: StoredResult
    document: SweepDocument

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {"result": str(SweepPlace.of(self.result).document)}

    @property
    def grid(self) -> Grid | None:
        """The scores as plots take them; ``None`` unless they are of one or two numeric axes."""
        document = self.document
        try:
            axes = {name: list(map(float, texts)) for name, texts in document["axes"].items()}
        except ValueError:
            return None
        shape = tuple(map(len, axes.values()))
        if not 1 <= len(axes) <= 2 or len(document["jobs"]) != int(np.prod(shape)):
            return None
        values = [_last_scores(job).get(METRICS[-1]) for job in document["jobs"]]
        title = f"qsim {document['identity']['command']} -m"
        return Grid(axes, np.asarray(values, dtype=float), METRICS[-1], "1/sqrt(year)", title)

    def to_dict(self) -> dict[str, Json]:
        document: Any = without(self.document, "schema", "sha256", "provenance")
        return {**document, "status": "finished", "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        document, rows = self.document, []
        for job in document["jobs"]:
            scores, error = _last_scores(job), job.get("error", {})
            name = job.get("run") or str(error.get("message", ""))[:60]
            numbers = [scores.get(metric) for metric in METRICS]
            rows.append([*(job["values"].get(axis) for axis in document["axes"]), name, *numbers])
        command = " ".join([document["identity"]["command"], *document["identity"]["overrides"]])
        return [Table.of(f"qsim {command}", [*document["axes"], "run", *METRICS], rows)]


def _last_scores(job: SweepJob) -> Mapping[str, float | None]:
    """The scores of the last period of a job."""
    periods = list(job.get("scores", {}).values())
    return periods[-1] if periods else {}


def stored_sweep(result: StoredResult) -> StoredSweep:
    """A stored sweep. Raises StoreError if it is missing or damaged."""
    return StoredSweep(result, SweepPlace.of(result).read())


def draw_sweep(stored: StoredSweep) -> dict[str, str]:
    """Write the page of a sweep, and its plot if it has one or two numeric axes; paths by name."""
    folder, grid = SweepPlace.of(stored.result).folder, stored.grid
    drawn = {} if grid is None else plots.images("grid", grid)
    shown = grid or Grid({}, np.zeros(len(stored.document["jobs"])), METRICS[-1], "", "qsim -m")
    page = grid_page(stored.result.name, shown, stored.tables(), {}, drawn)
    return plots.write_page(page, folder) | plots.written(drawn, folder)
