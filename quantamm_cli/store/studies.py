"""Where a study is kept, beside the runs of its trials, and who may write it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from quantamm_cli.store import atomic
from quantamm_cli.store.lock import RunLock


@dataclass(frozen=True)
class StudyPlace:
    """The files of one study in a runs folder."""

    runs: Path
    fingerprint: str

    @property
    def name(self) -> str:
        """What it is called."""
        return f"study_{self.fingerprint}"

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.runs / self.name

    @property
    def journal(self) -> Path:
        """Every trial; the only file that going on needs."""
        return self.folder / "study.journal"

    @property
    def summary(self) -> Path:
        """The trials and the best of them, for people and programs."""
        return self.folder / "study.json"

    @property
    def experiment(self) -> Path:
        """The best trial as settings."""
        return self.folder / "best.yaml"

    @contextmanager
    def held(self, fresh: bool) -> Iterator[None]:
        """The folder, locked. ``fresh``: what was there is kept beside, dated. Raises BusyError, StoreError."""
        atomic.make_folder(self.runs)
        lock = RunLock(self.runs / f"{self.name}.lock", "study")
        lock.acquire(0.0)
        try:
            if fresh and os.path.lexists(self.folder):
                self._set_aside()
            atomic.make_folder(self.folder)
            atomic.sweep(self.folder, (self.summary.name, self.experiment.name))
            yield
        finally:
            lock.release()

    def _set_aside(self) -> None:
        stamp, count = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 0
        while os.path.lexists(f"{self.folder}.{stamp}"):
            count += 1
            stamp = f"{stamp.split('-')[0]}-{count}"
        with atomic.telling(self.folder, "set aside"):
            os.rename(self.folder, f"{self.folder}.{stamp}")
            atomic.sync_folder(self.runs)


def write_if_changed(path: Path, text: str) -> None:
    """A file that is right already keeps its date. Raises StoreError."""
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    atomic.write_text(path, text)
