"""What a trial reports while it goes on: to the pruner, and to whoever counts attempts."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from quantamm_cli.config.search_space import Search
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store import atomic
from quantamm_cli.store.record import Entry
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.goals import Goal, Scores
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.study import Attempt, Study
from quantamm_cli.workflows.trial_scores import provisional


@dataclass(frozen=True)
class Job:
    """What the trials of a study are."""

    study: Study
    search: Search
    settings: StudySettings
    goal: Goal
    place: StudyPlace
    fresh: bool = False
    """Whether the study trains again what others have trained."""
    other_data: bool = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turns an error of the disk into StoreError."""
        with atomic.reporting_errors(self.place.journal, "written"):
            yield


class TrialOver(Exception):  # noqa: N818 - an event, not an error
    """The trial ends before it has a score: the pruner or its time says so."""


@dataclass
class Reports:
    """The reports of one attempt at a trial.

    Optuna prunes trials of a single objective only; those of several are not reported.
    """

    job: Job
    attempt: Attempt
    settings: Train
    cycles: list[Scores] = field(default_factory=list)
    """The scores of the cycles so far."""
    _training: int = -1
    """The cycle whose training was seen last."""
    _part: int = 0
    """The reports of a holdout's training so far."""

    @property
    def head(self) -> str:
        """The cycle that trains, if there are several."""
        return f"cycle {len(self.cycles) + 1}, " * self._walks

    def values(self) -> tuple[float, ...]:
        """The trial's scores by the cycles so far. Raises NoScore."""
        return self.job.goal.values(self.cycles, [each.periods for each in self.settings.cycles])

    @property
    def _walks(self) -> bool:
        return isinstance(self.settings.split, WalkForward)

    @property
    def _single(self) -> bool:
        return len(self.job.goal.targets) == 1

    def of_cycle(self, scores: Scores) -> None:
        """Report a cycle's scores. Raises TrialOver if the pruner ends the trial, and NoScore."""
        self.cycles.append(scores)
        if not self._walks or not self._single:
            return
        goal, part, total = self.job.goal, len(self.cycles), len(self.settings.cycles)
        (mean,) = self.values()
        value = mean
        if self.job.settings.pruner.by_cycle_scores:
            (value,) = goal.cycle_score(scores)
        with self.job.writing():
            prune = self.attempt.report(part, value)
        if prune and part < total:
            raise TrialOver(f"after cycle {part} of {total}, at {mean:.6g}")

    def of_training(self, entries: Sequence[Entry]) -> None:
        """Report the state of a holdout's training, at steps spread evenly. Raises TrialOver if the
        pruner ends the trial.

        A training that was begun before reports what it did again: the pruner decides as it did.
        """
        if self._training < len(self.cycles):
            self._training = len(self.cycles)
            with self.job.writing():
                self.attempt.resumed(len(self.cycles) + 1, len(entries))
        parts = self.job.settings.pruner.training_reports
        if self._walks or not self._single:
            return
        steps = int(getattr(self.settings.fit, "steps", 0))
        while self._part + 1 < parts:
            count = steps * (self._part + 1) // parts + 1  # the first is the state before any step
            if count > len(entries):
                return
            self._part += 1
            value = provisional(self.settings, entries[:count], self.job.goal.targets[0])
            with self.job.writing():
                prune = math.isfinite(value) and self.attempt.report(self._part, value)
            if prune:
                raise TrialOver(f"after step {count - 1} of {steps}, at {value:.6g}")
