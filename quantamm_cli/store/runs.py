"""A folder of runs, each named by the SHA-256 of its settings."""

import builtins
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store import atomic
from quantamm_cli.store.audit import Finding, Summary, checkpoints, findings, summary
from quantamm_cli.store.checkpoint import Run, read_checkpoint
from quantamm_cli.store.lock import BusyError
from quantamm_cli.store.place import CHECKPOINT, Place
from quantamm_cli.store.record import Entry
from quantamm_cli.store.writer import Writer

__all__ = ["BusyError", "Entry", "Finding", "Run", "Store", "Summary", "Writer"]

_NAME = re.compile(r"(?:run_)?([0-9a-f]{6,64})(?:\.json)?", re.IGNORECASE)
_SHOWN = 4


class Store:
    """The runs in ``folder``, which is made by the first that is opened for writing."""

    def __init__(self, folder: str | Path) -> None:
        self.root = Path(folder)

    def path(self, fingerprint: str) -> Path:
        """The checkpoint of a run, there or not. Raises StoreError for what is not a fingerprint."""
        return Place(self.root, fingerprint).checkpoint

    def folder(self, fingerprint: str) -> Path:
        """The folder beside it, there or not. Raises StoreError for what is not a fingerprint."""
        return Place(self.root, fingerprint).folder

    def open(self, settings: Mapping[str, Any], *, data: str | None = None, fresh: bool = False, wait: float = 0.0) -> Writer:
        """Takes the lock of the run of these settings, waiting up to ``wait`` seconds, and finds what is there.

        ``data``: SHA-256 of the rows read; DataError if the run was made from others. ``fresh``: what is there is renamed,
        dated, and the run is new. Raises BusyError naming who writes it now; StoreError for a damaged or unwritable run.
        """
        place = Place(self.root, sha256(settings))
        atomic.make_folder(self.root)
        return Writer(place, settings, data=data, fresh=fresh, wait=wait)

    def load(self, name: str | Path) -> Run:
        """The verified run of a fingerprint, a prefix of 6 or more of its digits, ``run_…``, or a path to a checkpoint or run folder.

        Raises StoreError if there is none, several begin so, or it is damaged, renamed, not ours or of a newer qsim.
        """
        return read_checkpoint(self.find(name))

    def find(self, name: str | Path) -> Path:
        """The path of the one checkpoint that ``load`` would read. Raises StoreError if there is none or several."""
        named = _NAME.fullmatch(str(name))
        if named:
            found = [path for path in checkpoints(self.root) if _digits(path).startswith(named[1].lower())]
            if len(found) == 1:
                return found[0]
            if found:
                several = ", ".join(_digits(path)[:12] for path in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
                raise StoreError(str(self.root), f"{len(found)} runs begin with {named[1]} ({several}); give more digits")
        path = _checkpoint_at(Path(name))
        if path is not None:
            return path
        if named:
            raise StoreError(str(self.root), f"no run begins with {named[1]}; `qsim runs list` shows those there are")
        raise StoreError(str(name)[:200], "is not a run: expected 6 or more hex digits of its fingerprint, or a path to its JSON")

    def list(self) -> builtins.list[Summary]:
        """Every run, the last modified first; damaged ones are listed as such."""
        return sorted((summary(path) for path in checkpoints(self.root)), key=lambda item: (item.modified, item.fingerprint), reverse=True)

    def verify(self) -> builtins.list[Finding]:
        """Reads every checkpoint, history and state again and says what is wrong with which; nothing if all is well."""
        return [*findings(self.root)]


def _digits(path: Path) -> str:
    named = CHECKPOINT.fullmatch(path.name)
    return named[1] if named else ""


def _checkpoint_at(path: Path) -> Path | None:
    try:
        if path.is_file():
            return path
        beside = path.with_name(f"{path.name}.json") if path.name else path
        return beside if beside.is_file() else None
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return None
