"""The files of a study, beside the runs of its trials."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.store.result_folder import ResultFolder


@dataclass(frozen=True)
class StudyPlace(ResultFolder):
    """The files of one study in a runs folder."""

    prefix = "study"
    noun = "study"
    outcomes = ("study.json", "best.yaml")

    @property
    def journal(self) -> Path:
        """Every trial; a resume needs no other file."""
        return self.folder / "study.journal"

    @property
    def summary(self) -> Path:
        """The trials and the best of them."""
        return self.folder / "study.json"

    @property
    def experiment(self) -> Path:
        """The best trial as an experiment file."""
        return self.folder / "best.yaml"

    @property
    def workers(self) -> Path:
        """The leases of the workers, and what they print."""
        return self.folder / "workers"

    @property
    def stop_mark(self) -> Path:
        """A file that asks all workers to stop that began before it was written."""
        return self.folder / "stop"

    def asked_to_stop(self, since: float) -> bool:
        """Whether somebody has asked workers to stop since then, in seconds since 1970."""
        with suppress(FileNotFoundError):
            return self.stop_mark.stat().st_mtime > since
        return False

    @property
    def paths(self) -> dict[str, str]:
        """The paths of its files, by name."""
        return {
            "journal": str(self.journal),
            "summary": str(self.summary),
            "experiment": str(self.experiment),
        }
