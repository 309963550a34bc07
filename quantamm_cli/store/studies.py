"""Where a study is kept, beside the runs of its trials, and who may write it."""

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
