"""A folder of runs, each named by the SHA-256 of its settings."""

import builtins
from collections.abc import Collection
from pathlib import Path

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.audit import Summary, checkpoints, findings, summary
from quantamm_cli.store.audit_others import Finding
from quantamm_cli.store.checkpoint import Run, read_checkpoint
from quantamm_cli.store.inputs import Inputs, differences
from quantamm_cli.store.lock import BusyError
from quantamm_cli.store.other_results import Other, other
from quantamm_cli.store.record import Entry
from quantamm_cli.store.recorded import DOCUMENTS
from quantamm_cli.store.result_names import (
    ASKED,
    KINDS,
    StoredResult,
    ambiguous,
    matching,
    result_at,
    stored_results,
)
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.writer import Writer

__all__ = [
    "BusyError",
    "Entry",
    "Finding",
    "Other",
    "Run",
    "Store",
    "StoredResult",
    "Summary",
    "Writer",
]


class Store:
    """The runs in ``folder``, which is created when the first is opened for writing."""

    def __init__(self, folder: str | Path) -> None:
        self.root = Path(folder)

    def path(self, fingerprint: str, beside: str = "") -> Path:
        """The path of a run's checkpoint, which may not exist; ``beside`` as in ``Place``.

        Raises StoreError if ``fingerprint`` is none.
        """
        return Place(self.root, fingerprint, beside).checkpoint

    def folder(self, fingerprint: str, beside: str = "") -> Path:
        """The path of a run's folder, which may not exist; ``beside`` as in ``Place``.

        Raises StoreError if ``fingerprint`` is none.
        """
        return Place(self.root, fingerprint, beside).folder

    def open(
        self,
        settings: JsonObject,
        *,
        data: Inputs | None = None,
        beside: str = "",
        fresh: bool = False,
        wait: float = 0.0,
    ) -> Writer:
        """Takes the lock of the run of these settings, waiting up to ``wait`` seconds, and reads
        the run if it exists.

        ``data``: what is read; DataError if the run was made from other contents. ``beside``: as
        in ``Place``. ``fresh``: an existing run is renamed, with a date, and the run is new.
        Raises BusyError, which names the process that writes the run, and StoreError for a damaged
        or unwritable run.
        """
        place = Place(self.root, sha256(settings), beside)
        atomic.make_folder(self.root)
        return Writer(place, settings, data=data, fresh=fresh, wait=wait)

    def apart(self, fingerprint: str, data: Inputs) -> str:
        """Empty if the run of this fingerprint was made from ``data``, or there is none; else
        the ``beside`` of the run that is made from them.
        """
        path = self.path(fingerprint)
        if path.exists() and differences(read_checkpoint(path).provenance, data).changes:
            return data.suffix
        return ""

    def load(self, name: str | Path) -> Run:
        """The verified run of a fingerprint, a prefix of 6 or more of its digits, ``run_…``, or a
        path to a checkpoint or run folder.

        Raises StoreError if there is none or several, or it is damaged, renamed, of a newer qsim
        or no checkpoint.
        """
        return read_checkpoint(self.find(name))

    def find(self, name: str | Path) -> Path:
        """The path of the checkpoint that ``load`` would read.

        Raises StoreError if there is none or several.
        """
        return self.named(name, ("run",)).path

    def named(self, name: str | Path, kinds: Collection[str] = tuple(KINDS)) -> StoredResult:
        """The result of a name: digits of its fingerprint, with or without its kind, or a path.

        Raises StoreError if there is none or several, or it is of none of these ``kinds``.
        """
        wanted = KINDS[next(iter(kinds))] if len(kinds) == 1 else "run"
        parts, every = ASKED.fullmatch(str(name)), matching(self.root, str(name))
        results = [result for result in every if result.kind in kinds]
        if len(results) == 1:
            return results[0]
        if results:
            raise StoreError(str(self.root), ambiguous(str(name), results))
        at = _at(Path(name))
        if at is not None and at.kind in kinds:
            return at
        if every or at is not None:
            other = at or every[0]
            raise StoreError(
                str(self.root),
                f"{other.short}… is a {KINDS[other.kind]}, expected a {wanted}; `qsim runs show "
                f"{other.short}` shows it",
            )
        if parts:
            kind = KINDS[parts[1].lower()] if parts[1] else wanted
            raise StoreError(
                str(self.root),
                f"no {kind} begins with {str(name)[:71]}; `qsim runs list` shows all results",
            )
        raise StoreError(
            str(name)[:200],
            f"is not a {wanted}: expected 6 or more hex digits of its fingerprint, or a path to "
            "its JSON",
        )

    def list(self) -> builtins.list[Summary]:
        """Every run, the last modified first, damaged ones with their problem."""
        runs = map(summary, checkpoints(self.root))
        return sorted(runs, key=lambda item: (item.modified, item.fingerprint), reverse=True)

    def stored_results(self) -> builtins.list[StoredResult]:
        """Every result, in order of names; none is read."""
        return stored_results(self.root)

    def others(self) -> builtins.list[Other]:
        """Every walk-forward, competition and study, the last modified first, damaged ones with
        their problem.
        """
        results = [other(result) for result in self.stored_results() if result.kind != "run"]
        return sorted(
            results, key=lambda item: (item.modified, item.result.fingerprint), reverse=True
        )

    def verify(self) -> builtins.list[Finding]:
        """Reads all checkpoints, histories, states and results; returns every problem of them."""
        return list(findings(self.root))


def _at(path: Path) -> StoredResult | None:
    """The result at a path. Any file counts as a checkpoint; reading it reports if it is none."""
    try:
        if path.name in DOCUMENTS:
            path = path.parent
        if path.is_dir() and (result := result_at(path)) is not None:
            return result
        if path.is_file():
            return StoredResult("run", "", path)
        checkpoint = path.with_name(f"{path.name}.json") if path.name else path
        return StoredResult("run", "", checkpoint) if checkpoint.is_file() else None
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return None
