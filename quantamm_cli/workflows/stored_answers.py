"""Answers of ``qsim evaluate``, stored in the cache folder: asked again, with nothing changed, it
prints them without JAX.

An answer is stored under a digest of the composed settings, the words of the command and what
computes it. It names every file it was made from and every file that was written, each with its
SHA-256, and stands only as long as all of them have it. With components of others nothing is
stored, as only they know what they read.
"""

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.computed_by import computed_by
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.file_digest import file_digest
from quantamm_cli.settings.json_tree import Json, JsonObject, finite
from quantamm_cli.settings.plugins import has_components
from quantamm_cli.workflows.monitor import Monitor, Passing
from quantamm_cli.workflows.results import Result

_ANSWERS = Cache("answers", "*.json", most_bytes=32 * 2**20)


@dataclass(frozen=True)
class Answer(Result):
    """A stored result: its JSON and its tables."""

    tree: JsonObject
    parts: tuple[Table | str, ...]
    written: str
    noted: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        return dict(self.tree)

    def tables(self) -> Sequence[Table | str]:
        return self.parts

    def notes(self) -> Sequence[str]:
        return [*self.noted, f"computed {self.written}; no file that it was made from has changed"]


class Noted(Passing):
    """Passes everything on, and has the notes and the number of warnings."""

    def __init__(self, parent: Monitor) -> None:
        super().__init__(parent)
        self.notes: list[str] = []
        self.warnings = 0

    def note(self, text: str) -> None:
        self.notes.append(text)
        super().note(text)

    def warn(self, text: str) -> None:
        self.warnings += 1
        super().warn(text)


class Question:
    """A command on composed settings, whose answer may be stored.

    ``words``: all words of the command that change its answer.
    """

    def __init__(self, command: str, tree: JsonObject, words: JsonObject) -> None:
        asked = {"command": command, "tree": tree, "words": words, "by": computed_by()}
        self._entry = f"{sha256(finite(asked))}.json"
        self._storable = not tree.get("plugins") and not has_components()

    def answered(
        self,
        compute: Callable[[], tuple[Result, Iterable[str | Path]]],
        noted: Noted | None = None,
    ) -> Result:
        """The stored answer, if all files are as they were, or else what ``compute`` returns: a
        result, and the files that it was made from or wrote.

        Notes that ``noted`` gets meanwhile are part of the answer. One that came with a warning is
        not stored: it would come without.
        """
        answer = _ANSWERS.get(self._entry, _read) if self._storable else None
        if answer is not None:
            return answer
        logger, warned = logging.getLogger("quantamm_cli"), _Warned()
        logger.addHandler(warned)
        try:
            result, files = compute()
        finally:
            logger.removeHandler(warned)
        noted = noted or Noted(Monitor())
        if self._storable and not warned.count + noted.warnings:
            self._store(result, files, noted.notes)
        return result

    def _store(self, result: Result, files: Iterable[str | Path], notes: Sequence[str]) -> None:
        try:
            digests = {os.fspath(path): file_digest(path) for path in files}
        except OSError:
            return
        stored = {
            "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "files": digests,
            "json": finite(result.to_dict()),
            "parts": [_plain(part) for part in result.tables()],
            "notes": list(notes),
        }
        stored["sha256"] = sha256(finite(stored))
        text = json.dumps(stored).encode("ascii")
        _ANSWERS.keep(self._entry, lambda file: file.write(text))


class _Warned(logging.Handler):
    """Counts warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def _plain(part: Table | str) -> Any:
    """A part of a result as JSON, in which NaN is a number."""
    if isinstance(part, str):
        return str(part)
    return {"caption": part.caption, "columns": part.columns, "rows": _lists(part.rows)}


def _lists(value: Any) -> Any:
    """Arrays and NumPy's numbers as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(map(_lists, value)) if isinstance(value, list | tuple) else value


def _read(file: BinaryIO) -> Answer | None:
    """The answer in a file; None if it is damaged or any of its files has changed."""
    stored: Any = json.load(file)
    if stored.pop("sha256") != sha256(finite(stored)) or not _unchanged(stored["files"]):
        return None
    parts, notes = map(_part, stored["parts"]), stored.get("notes", ())
    return Answer(stored["json"], tuple(parts), stored["written"], tuple(notes))


def _unchanged(files: Mapping[str, str]) -> bool:
    return all(file_digest(path) == digest for path, digest in files.items())


def _part(stored: Any) -> Table | str:
    if isinstance(stored, str):
        return stored
    columns = [each if isinstance(each, str) else tuple(each) for each in stored["columns"]]
    return Table.of(stored["caption"], columns, stored["rows"])
