"""The name, the place and the lock of folders of studies, competitions and walk-forwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from quantamm_cli.store import atomic
from quantamm_cli.store.folders import set_aside
from quantamm_cli.store.lock import RunLock
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.run_paths import result_name


@dataclass(frozen=True)
class ResultFolder:
    """A folder of results in a runs folder, named by its kind and the digest of its settings."""

    runs: Path
    fingerprint: str
    beside: str = field(default="", kw_only=True)
    """12 digits of the digest of its data, if the plain name has other data."""

    prefix: ClassVar[str]
    """The prefix of its name."""
    noun: ClassVar[str]
    """The kind of result in messages."""
    outcomes: ClassVar[tuple[str, ...]] = ()
    """The names of its files of results."""

    @classmethod
    def of(cls, result: StoredResult) -> Self:
        """The files of a stored result of this kind."""
        return cls(result.path.parent, result.fingerprint, beside=result.beside)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return result_name(self.prefix, self.fingerprint, self.beside)

    @property
    def folder(self) -> Path:
        """The path of the folder."""
        return self.runs / self.name

    @contextmanager
    def held(self, fresh: bool) -> Iterator[None]:
        """Creates the folder if needed and holds its lock; only the holder writes the outcomes.

        ``fresh``: an existing folder is first renamed, with a date. Raises BusyError, StoreError.
        """
        atomic.make_folder(self.runs)
        lock = RunLock(self.runs / f"{self.name}.lock", self.noun)
        lock.acquire(0.0)
        try:
            if fresh:
                set_aside(self.folder)
            atomic.make_folder(self.folder)
            atomic.sweep(self.folder, self.outcomes)
            yield
        finally:
            lock.release()


def write_if_changed(path: Path, text: str) -> None:
    """Replaces a file, unless it has this text already. Raises StoreError."""
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    atomic.write_text(path, text)
