"""Where a study is kept, beside the runs of its trials, and who may write it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.store import atomic
from quantamm_cli.store.folders import held


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

    def held(self, fresh: bool) -> AbstractContextManager[None]:
        """The folder, locked. ``fresh``: what was there is kept beside, dated. Raises BusyError, StoreError."""
        return held(self.folder, "study", (self.summary.name, self.experiment.name), fresh)


def write_if_changed(path: Path, text: str) -> None:
    """A file that is right already keeps its date. Raises StoreError."""
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    atomic.write_text(path, text)
