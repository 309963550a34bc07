"""The checkpoint: one JSON document that names itself, proves itself and can be read by people."""

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
from quantamm_cli.store.checksummed_json import refuse_newer
from quantamm_cli.store.cures import restore
from quantamm_cli.store.encode import parse, render, same_spelling
from quantamm_cli.store.history import read_lines
from quantamm_cli.store.record import Entry, Record, is_entry
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.state import read_state

STATUSES = ("running", "finished", "stopped")
_KEYS = {"schema", "fingerprint", "status", "sha256", "settings", "provenance", "entries"}


@dataclass(frozen=True)
class Run:
    """A verified checkpoint. Numbers that were not finite are None."""

    fingerprint: str
    settings: JsonObject
    status: str
    entries: tuple[Entry, ...]
    provenance: JsonObject
    path: Path
    schema: int = DOCUMENT
    """The number of the document that it is from."""

    @property
    def name(self) -> str:
        """``run_<sha256>``."""
        return f"run_{self.fingerprint}"

    @property
    def folder(self) -> Path:
        """Where what belongs to the run is kept."""
        return Place.of(self.path).folder

    @property
    def older(self) -> tuple[Older, ...]:
        """What it was made by and has changed since."""
        metrics = {
            name for entry in self.entries for names in entry["metrics"].values() for name in names
        }
        meanings = self.provenance.get("meanings")
        return older(
            self.settings, "train", sorted(metrics), meanings if isinstance(meanings, dict) else {}
        )

    @property
    def step(self) -> int:
        """The last step saved; -1 before the first."""
        return int(self.entries[-1]["step"]) if self.entries else -1

    def history(self) -> list[Entry]:
        """Every entry up to the last step saved.

        Raises StoreError if one of them is lost or altered.
        """
        path = Place.of(self.path).history
        entries = [
            line.entry for line in read_lines(path, self.fingerprint) if line.step <= self.step
        ]
        last = entries[-1]["step"] if entries else -1
        if last != self.step:
            raise StoreError(
                str(path),
                f"was cut or altered: sound up to step {last}, expected {self.step}; {restore()}",
            )
        return entries

    def state(self) -> dict[str, np.ndarray]:
        """The optimiser's state and what else an exact resume needs.

        Raises StoreError if it is missing or damaged.
        """
        return read_state(Place.of(self.path).state, self.fingerprint)


def write_checkpoint(
    place: Place, settings: JsonObject, status: str, records: list[Record], provenance: JsonObject
) -> None:
    """Replaces the checkpoint; settings and provenance are ``finite`` already.

    Raises StoreError; the old one is then as it was.
    """
    rest = {
        "schema": DOCUMENT,
        "settings": settings,
        "fingerprint": place.fingerprint,
        "provenance": provenance,
        "status": status,
    }
    # The canonical text with the entries' own in their place: "entries" is the first key of all.
    text = (
        '{"entries":['
        + ",".join(record.canonical for record in records)
        + "],"
        + canonical(rest)[1:]
    )
    head = {key: rest[key] for key in ("schema", "fingerprint", "status")} | {
        "sha256": hashlib.sha256(text.encode("ascii")).hexdigest()
    }
    body = render(head | {key: rest[key] for key in ("settings", "provenance")})
    entries = ",\n".join(f"    {record.people}" for record in records)
    atomic.write_text(place.checkpoint, f'{body[:-2]},\n  "entries": [\n{entries}\n  ]\n}}\n')


def read_checkpoint(path: Path) -> Run:
    """The run in a file.

    Raises StoreError for one that is missing, cut, altered, renamed,
    of a newer qsim or not ours.
    """
    try:
        with atomic.telling(path, "read"):
            data = path.read_bytes()
        document = parse(text := data.decode("utf-8"))
    except ValueError as error:
        raise StoreError(str(path), _damage(path, data, error)) from error
    _ours(path, document)
    if not same_spelling(text, document):
        raise StoreError(
            str(path),
            f"was altered: its numbers or keys are not spelled as they were written; {restore()}",
        )
    rest = {key: value for key, value in document.items() if key != "sha256"}
    if sha256(rest) != document["sha256"]:
        raise StoreError(
            str(path), f"was altered: its content does not fit its sha256; {restore()}"
        )
    fingerprint = sha256(document["settings"])
    if fingerprint != document["fingerprint"] or document["status"] not in STATUSES:
        raise StoreError(
            str(path), f"was altered: its settings do not fit its fingerprint; {restore()}"
        )
    if Place.of(path).fingerprint != fingerprint:
        raise StoreError(str(path), f"was renamed: it holds run_{fingerprint}.json; rename it back")
    names = ("settings", "status", "provenance", "schema")
    return Run(
        fingerprint,
        entries=tuple(document["entries"]),
        path=path,
        **{name: document[name] for name in names},
    )


def _damage(path: Path, data: bytes, error: ValueError) -> str:
    if not data.strip():
        return f"is empty; {restore()}"
    if not _looks_ours(path, data):
        return "is not JSON and not a checkpoint of qsim; name another file"
    where = (
        f"broken in line {error.lineno}"
        if isinstance(error, json.JSONDecodeError)
        else str(error)[:120]
    )
    return f"was cut or altered ({where}); {restore()}"


def _looks_ours(path: Path, data: bytes) -> bool:
    return path.name.startswith("run_") or data.lstrip()[:1] in (b"{", b"[", b'"')


def _ours(path: Path, document: Any) -> None:
    if isinstance(document, str) and document.lstrip().startswith("["):
        raise StoreError(
            str(path), f"is a result of quantammsim; take it over with `qsim runs import {path}`"
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
    sound = document.keys() == _KEYS and all(
        isinstance(document[key], shape) for key, shape in shapes.items()
    )
    if not sound or not all(map(is_entry, document["entries"])):
        raise StoreError(
            str(path), f"was altered: it lacks parts of a checkpoint or has others; {restore()}"
        )
