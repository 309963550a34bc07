"""What the folders of studies, competitions and walk-forwards have in
common: a name, a place, a lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from quantamm_cli.store import atomic
from quantamm_cli.store.folders import set_aside
from quantamm_cli.store.lock import RunLock


@dataclass(frozen=True)
class ResultFolder:
    """A folder of results in a runs folder, named by what it is and by
    the digest of its settings.
    """

    runs: Path
    fingerprint: str

    prefix: ClassVar[str]
    """What its name begins with."""
    noun: ClassVar[str]
    """What messages call it."""
    outcomes: ClassVar[tuple[str, ...]] = ()
    """The files of it that tell what came of it."""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.prefix}_{self.fingerprint}"

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.runs / self.name

    @contextmanager
    def held(self, fresh: bool) -> Iterator[None]:
        """The folder, made if need be and locked; only the lock's holder writes the outcomes.

        ``fresh``: what was there is kept beside, dated. Raises BusyError, StoreError.
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
    """A file that is right already keeps its date. Raises StoreError."""
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    atomic.write_text(path, text)
