"""What whoever watches a study sees: a line for each trial that ends, and a table of the moment."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from quantamm_cli.reporting.study_tables import ended_line, progress_line, workers_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.study import Study
from quantamm_cli.tuning.study_records import best_of
from quantamm_cli.tuning.trials import ENDED, Trial
from quantamm_cli.workflows.monitor import Display, Monitor


@dataclass
class StudyWatch:
    """Shows a study as it goes on. ``look`` may be called as often as one likes."""

    study: Study
    names: Sequence[str]
    """The objectives."""
    monitor: Monitor
    display: Display
    pick: str = "knee"
    """How the best of several objectives is chosen."""
    _noted: set[int] = field(default_factory=set)
    _began: float = field(default_factory=time.monotonic)
    _done_before: int = 0

    def __post_init__(self) -> None:
        self._noted = {trial.number for trial in self.study.trials if trial.state in ENDED}
        self._done_before = len(self._noted)

    def look(self) -> None:
        """Note the trials that ended since the last look, and show the state."""
        trials = self.study.trials
        best = best_of(trials, self.names, self.pick)
        for trial in trials:
            if trial.state in ENDED and trial.number not in self._noted:
                self._noted.add(trial.number)
                self.monitor.note(ended_line(trial, self.names, best))
        self.display(*self.state(trials, best))

    def state(self, trials: Sequence[Trial], best: Trial | None) -> tuple[Table, str]:
        """The table of workers, and one line of numbers."""
        seconds = time.monotonic() - self._began
        done = len(self._noted) - self._done_before
        workers = leases.workers(self.study.workers)
        line = progress_line(trials, self.names, best, done / seconds if done else None)
        return workers_table(workers, time.time(), line), line
