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
from quantamm_cli.store.lock import BusyError
from quantamm_cli.store.other_results import Other, other
from quantamm_cli.store.record import Entry
from quantamm_cli.store.result_names import ASKED, KINDS, Held, held_at, holdings, meant, several
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.writer import Writer

__all__ = ["BusyError", "Entry", "Finding", "Held", "Other", "Run", "Store", "Summary", "Writer"]


class Store:
    """The runs in ``folder``, which is made by the first that is opened for writing."""

    def __init__(self, folder: str | Path) -> None:
        self.root = Path(folder)

    def path(self, fingerprint: str) -> Path:
        """The checkpoint of a run, there or not.

        Raises StoreError for what is not a fingerprint.
        """
        return Place(self.root, fingerprint).checkpoint

    def folder(self, fingerprint: str) -> Path:
        """The folder beside it, there or not. Raises StoreError for what is not a fingerprint."""
        return Place(self.root, fingerprint).folder

    def open(
        self,
        settings: JsonObject,
        *,
        data: str | None = None,
        fresh: bool = False,
        wait: float = 0.0,
    ) -> Writer:
        """Takes the lock of the run of these settings, waiting up to ``wait``
        seconds, and finds what is there.

        ``data``: SHA-256 of the rows read; DataError if the run was made from others. ``fresh``:
        what is there is renamed, dated, and the run is new. Raises BusyError naming who writes it
        now; StoreError for a damaged or unwritable run.
        """
        place = Place(self.root, sha256(settings))
        atomic.make_folder(self.root)
        return Writer(place, settings, data=data, fresh=fresh, wait=wait)

    def load(self, name: str | Path) -> Run:
        """The verified run of a fingerprint, a prefix of 6 or more of its digits, ``run_…``, or a
        path to a checkpoint or run folder.

        Raises StoreError if there is none, several begin so, or it is damaged, renamed,
        not ours or of a newer qsim.
        """
        return read_checkpoint(self.find(name))

    def find(self, name: str | Path) -> Path:
        """The path of the one checkpoint that ``load`` would read.

        Raises StoreError if there is none or several.
        """
        return self.named(name, ("run",)).path

    def named(self, name: str | Path, kinds: Collection[str] = tuple(KINDS)) -> Held:
        """The one result that a name means: digits of its fingerprint,
        with or without its kind, or a path.

        Raises StoreError if there is none, several begin so, or it is of none of these ``kinds``.
        """
        asked, every = ASKED.fullmatch(str(name)), meant(self.root, str(name))
        found = [held for held in every if held.kind in kinds]
        if len(found) == 1:
            return found[0]
        if found:
            raise StoreError(str(self.root), several(str(name), found))
        at = _at(Path(name))
        if at is not None and at.kind in kinds:
            return at
        if every or at is not None:
            other = at or every[0]
            told = (
                f"{other.short}… is a {KINDS[other.kind]} and a run is wanted; `qsim runs show "
                f"{other.short}` shows it"
            )
            raise StoreError(str(self.root), told)
        if asked:
            kind = KINDS[(asked[1] or "run").lower()]
            raise StoreError(
                str(self.root),
                f"no {kind} begins with {str(name)[:71]}; `qsim runs list` shows those there are",
            )
        raise StoreError(
            str(name)[:200],
            "is not a run: expected 6 or more hex digits of its fingerprint, or a path to its JSON",
        )

    def list(self) -> builtins.list[Summary]:
        """Every run, the last modified first; damaged ones are listed as such."""
        return sorted(
            (summary(path) for path in checkpoints(self.root)),
            key=lambda item: (item.modified, item.fingerprint),
            reverse=True,
        )

    def holdings(self) -> builtins.list[Held]:
        """Everything there is by its name, unread."""
        return holdings(self.root)

    def others(self) -> builtins.list[Other]:
        """Every walk-forward, competition and study, the last modified first;
        damaged ones are listed as such.
        """
        found = [other(held) for held in self.holdings() if held.kind != "run"]
        return sorted(found, key=lambda item: (item.modified, item.held.fingerprint), reverse=True)

    def verify(self) -> builtins.list[Finding]:
        """Reads everything again (checkpoints, histories, states, results) and says what is wrong
        with which; nothing if all is well.
        """
        return [*findings(self.root)]


def _at(path: Path) -> Held | None:
    """What is at a path: any file is taken for a checkpoint, which will say what it is."""
    try:
        if path.is_dir() and (held := held_at(path)) is not None:
            return held
        beside = path.with_name(f"{path.name}.json") if path.name else path
        file = next((file for file in (path, beside) if file.is_file()), None)
        return None if file is None else Held("run", "", file)
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return None
