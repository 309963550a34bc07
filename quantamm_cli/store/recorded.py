"""The files of simulations, grids and sweeps: one document beside plots and trajectories."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, NotRequired, Self, TypedDict, TypeVar

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import JsonObject, branch
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import read_object, with_digest
from quantamm_cli.store.inputs import Inputs, differences
from quantamm_cli.store.lock import RunLock
from quantamm_cli.store.result_folder import ResultFolder, write_if_changed
from quantamm_cli.store.result_names import SIMULATION
from quantamm_cli.store.run_paths import Place

GRID, SWEEP = "grid.json", "sweep.json"
DOCUMENTS = (SIMULATION, GRID, SWEEP)
_PATIENCE = 7 * 86400.0
"""Seconds to wait for another process that computes the same result."""
Document = TypeVar("Document")
Scores = Mapping[str, float | None]
_ADVICE = "run the same command to write it again"


class SimulationDocument(TypedDict):
    """A stored simulation; scores by metric, those of the benchmarks by strategy."""

    schema: int
    run: str
    fingerprint: str
    metrics: Scores
    benchmarks: Mapping[str, Scores]
    final: JsonObject
    params: JsonObject
    trades: NotRequired[JsonObject]
    settings: JsonObject
    provenance: JsonObject


class GridDocument(TypedDict):
    """A stored grid; ``points`` are in the order of the axes, ``scores`` by metric in theirs."""

    schema: int
    run: str
    fingerprint: str
    metric: str
    axes: Mapping[str, Sequence[float]]
    points: Sequence[Mapping[str, float]]
    scores: Mapping[str, Sequence[float | None]]
    settings: JsonObject
    provenance: JsonObject


class SweepJob(TypedDict):
    """One combination of values; ``scores`` by period and metric."""

    values: Mapping[str, str]
    run: NotRequired[str]
    scores: NotRequired[Mapping[str, Scores]]
    error: NotRequired[JsonObject]


class SweepIdentity(TypedDict):
    """What the name of a sweep is the digest of."""

    command: str
    overrides: Sequence[str]
    """Those that all jobs have."""
    jobs: Sequence[Sequence[str | None]]
    """The overrides of each job that not all have, and then the name of its result."""


class SweepDocument(TypedDict):
    """The results of ``-m``: a job for every combination of values."""

    schema: int
    run: str
    fingerprint: str
    identity: SweepIdentity
    axes: Mapping[str, Sequence[str]]
    jobs: Sequence[SweepJob]
    data: NotRequired[JsonObject]
    provenance: JsonObject


@dataclass(frozen=True)
class RecordedPlace(ResultFolder, Generic[Document]):
    """The folder of a result that is written at once, with its settings and what it was made
    from.
    """

    document_name: ClassVar[str]

    @property
    def document(self) -> Path:
        """Settings, provenance and scores."""
        return self.folder / self.document_name

    @contextmanager
    def claimed(self, now: Inputs) -> Iterator[Self]:
        """The place of this result on these inputs, which no other process writes meanwhile: the
        plain name, or one beside it if that has other contents.
        """
        atomic.make_folder(self.folder)
        lock = RunLock(self.folder / f".{self.prefix}.lock", self.noun)
        lock.acquire(_PATIENCE)
        try:
            yield self._of(now)
        finally:
            lock.release()

    def _of(self, now: Inputs) -> Self:
        if not self.document.exists():
            return self
        try:
            provenance = branch(self.content(), "provenance")
        except StoreError:  # a damaged document is written again
            return self
        return replace(self, beside=now.suffix) if differences(provenance, now).changes else self

    def write(self, document: JsonObject) -> None:
        """Writes the document atomically, unless it is there. Raises StoreError."""
        atomic.make_folder(self.folder)
        text = json.dumps(with_digest(document), indent=2, allow_nan=False)
        write_if_changed(self.document, text + "\n")

    def content(self) -> JsonObject:
        """The document. Raises StoreError if it is missing, damaged or of another result."""
        document = read_object(self.document, _ADVICE)
        try:
            if document["run"] != self.name or self._fingerprint_of(document) != self.fingerprint:
                raise ValueError("its settings do not fit its name")
            branch(document, "provenance")
        except (KeyError, TypeError, ValueError) as failure:
            message = f"was cut or altered ({str(failure)[:80]}); {_ADVICE}"
            raise StoreError(str(self.document), message) from failure
        return document

    def read(self) -> Document:
        """The document as its kind has it. Raises StoreError as ``content`` does."""
        content: Any = self.content()
        document: Document = content
        return document

    def _fingerprint_of(self, document: JsonObject) -> str:
        return sha256(branch(document, "settings"))


@dataclass(frozen=True)
class SimulationPlace(RecordedPlace[SimulationDocument]):
    """The files of a simulation."""

    prefix = "run"
    noun = "simulation"
    document_name = SIMULATION

    @property
    def folder(self) -> Path:
        """The path of the folder. Raises StoreError if it is a symbolic link."""
        return Place(self.runs, self.fingerprint, self.beside).folder


@dataclass(frozen=True)
class GridPlace(RecordedPlace[GridDocument]):
    """The files of a grid; its name covers the axes and the metric that orders its points."""

    prefix = "grid"
    noun = "grid"
    document_name = GRID

    def _fingerprint_of(self, document: JsonObject) -> str:
        return grid_fingerprint(
            branch(document, "settings"), branch(document, "axes"), str(document["metric"])
        )


@dataclass(frozen=True)
class SweepPlace(RecordedPlace[SweepDocument]):
    """The files of a sweep, beside the results of its jobs."""

    prefix = "sweep"
    noun = "sweep"
    document_name = SWEEP

    def _fingerprint_of(self, document: JsonObject) -> str:
        return sha256(branch(document, "identity"))


def grid_fingerprint(settings: JsonObject, axes: JsonObject, metric: str) -> str:
    """64 hex digits naming a grid of these settings."""
    return sha256({"settings": settings, "grid": axes, "metric": metric})
