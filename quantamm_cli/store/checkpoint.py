"""The checkpoint of a run: readable JSON that embeds its fingerprint and its SHA-256."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import canonical, sha256
from quantamm_cli.settings.history import DOCUMENT, Older, older
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.advice import restore
from quantamm_cli.store.checksummed_json import refuse_newer, with_digest
from quantamm_cli.store.encode import parse, render, same_spelling
from quantamm_cli.store.history import read_lines
from quantamm_cli.store.record import Entry, Record, is_entry
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.state import read_state

STATUSES = ("running", "finished", "stopped")
_KEYS = {"schema", "fingerprint", "status", "sha256", "settings", "provenance", "entries"}


@dataclass(frozen=True)
class Run:
    """A verified checkpoint, in which numbers that were not finite are None."""

    fingerprint: str
    settings: JsonObject
    status: str
    entries: tuple[Entry, ...]
    provenance: JsonObject
    path: Path
    schema: int = DOCUMENT
    """The number of its document."""

    @property
    def name(self) -> str:
        """``run_<sha256>``, with ``+`` and 12 digits if it lies beside a run on other data."""
        return Place.of(self.path).name

    @property
    def folder(self) -> Path:
        """The folder of the run's other files."""
        return Place.of(self.path).folder

    @property
    def older(self) -> tuple[Older, ...]:
        """The definitions that have changed since it was made."""
        metrics: set[str] = set()
        for entry in self.entries:
            metrics.update(*entry["metrics"].values())
        stored = self.provenance.get("meanings")
        meanings = stored if isinstance(stored, dict) else {}
        return older(self.settings, "train", sorted(metrics), meanings)

    @property
    def step(self) -> int:
        """The last step saved; -1 before the first."""
        return int(self.entries[-1]["step"]) if self.entries else -1

    def history(self) -> list[Entry]:
        """Every entry up to the last step saved.

        Raises StoreError if one of them is lost or altered.
        """
        path = Place.of(self.path).history
        lines = read_lines(path, self.fingerprint)
        entries = [line.entry for line in lines if line.step <= self.step]
        last = entries[-1]["step"] if entries else -1
        if last != self.step:
            raise StoreError(
                str(path),
                f"was cut or altered: intact up to step {last}, expected {self.step}; {restore()}",
            )
        return entries

    def state(self) -> dict[str, np.ndarray]:
        """The optimiser's state and everything else that an exact resume needs.

        Raises StoreError if it is missing or damaged.
        """
        return read_state(Place.of(self.path).state, self.fingerprint)


def write_checkpoint(
    place: Place, settings: JsonObject, status: str, records: list[Record], provenance: JsonObject
) -> None:
    """Replaces the checkpoint; settings and provenance must be ``finite``.

    Raises StoreError; the old one is then unchanged.
    """
    head = {"schema": DOCUMENT, "fingerprint": place.fingerprint, "status": status}
    rest = {"settings": settings, "provenance": provenance}
    # The canonical text of the document, in which "entries" is the first key.
    canonical_entries = ",".join(record.canonical for record in records)
    text = f'{{"entries":[{canonical_entries}],{canonical(head | rest)[1:]}'
    digest = {"sha256": hashlib.sha256(text.encode("ascii")).hexdigest()}
    body = render(head | digest | rest)
    entries = ",\n".join(f"    {record.indented}" for record in records)
    atomic.write_text(place.checkpoint, f'{body[:-2]},\n  "entries": [\n{entries}\n  ]\n}}\n')


def read_checkpoint(path: Path) -> Run:
    """The run in a file.

    Raises StoreError if it is missing, cut, altered, renamed, of a newer qsim or no checkpoint.
    """
    try:
        with atomic.reporting_errors(path, "read"):
            data = path.read_bytes()
        document = parse(text := data.decode("utf-8"))
    except ValueError as error:
        raise StoreError(str(path), _damage(path, data, error)) from error
    _check_shape(path, document)
    problem = _problem(text, document)
    if problem is not None:
        raise StoreError(str(path), f"was altered: {problem}; {restore()}")
    fingerprint = document["fingerprint"]
    if Place.of(path).fingerprint != fingerprint:
        raise StoreError(str(path), f"was renamed: it is run_{fingerprint}.json; rename it back")
    return Run(
        fingerprint,
        settings=document["settings"],
        status=document["status"],
        entries=tuple(document["entries"]),
        provenance=document["provenance"],
        path=path,
        schema=document["schema"],
    )


def _problem(text: str, document: Any) -> str | None:
    """What does not fit in a document of the right shape."""
    if not same_spelling(text, document):
        return "its numbers or keys are not spelled as they were written"
    if with_digest(document)["sha256"] != document["sha256"]:
        return "its content does not fit its sha256"
    named = sha256(document["settings"]) == document["fingerprint"]
    if not named or document["status"] not in STATUSES:
        return "its settings do not fit its fingerprint"
    return None


def _damage(path: Path, data: bytes, error: ValueError) -> str:
    if not data.strip():
        return f"is empty; {restore()}"
    if not path.name.startswith("run_") and data.lstrip()[:1] not in (b"{", b"[", b'"'):
        return "is not JSON and not a checkpoint of qsim; name another file"
    where = str(error)[:120]
    if isinstance(error, json.JSONDecodeError):
        where = f"broken in line {error.lineno}"
    return f"was cut or altered ({where}); {restore()}"


def _check_shape(path: Path, document: Any) -> None:
    """Raise StoreError unless the document has the parts of a checkpoint."""
    if isinstance(document, str) and document.lstrip().startswith("["):
        raise StoreError(
            str(path), f"is a result of quantammsim; import it with `qsim runs import {path}`"
        )
    if (
        not isinstance(document, dict)
        or type(document.get("schema")) is not int
        or "fingerprint" not in document
    ):
        raise StoreError(
            str(path),
            "is JSON but not a checkpoint of qsim; name another file, or move it "
            "out of the runs folder",
        )
    refuse_newer(path, document)
    shapes = {"settings": dict, "provenance": dict, "entries": list, "status": str}
    complete = document.keys() == _KEYS and all(
        isinstance(document[key], shape) for key, shape in shapes.items()
    )
    if not complete or not all(map(is_entry, document["entries"])):
        raise StoreError(
            str(path), f"was altered: it lacks parts of a checkpoint or has others; {restore()}"
        )
