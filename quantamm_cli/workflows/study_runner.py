"""The trials of a study: suggested, trained and reported, one after the other."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError, DivergedError, Interrupted, QsimError
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store import atomic
from quantamm_cli.tuning.study import Attempt, Study
from quantamm_cli.workflows.monitor import Check, Monitor, Save, Step
from quantamm_cli.workflows.selection import USUAL
from quantamm_cli.workflows.study_files import StudyFiles
from quantamm_cli.workflows.train import train
from quantamm_cli.workflows.walk_forward import cycles

_PATIENCE = 5
"""Trials that may fail from the beginning on before the study is given up."""


def left(study: Study, trials: int) -> int:
    """How many trials are to come."""
    return max(0, trials - sum(trial.state != "stopped" for trial in study.trials))


class StudyRunner:
    """The trials of one call."""

    def __init__(
        self,
        study: Study,
        space: Search,
        files: StudyFiles,
        objective: tuple[str, str],
        monitor: Monitor,
    ) -> None:
        self._study, self._space, self._files = study, space, files
        self._period, self._metric = objective
        self._monitor = monitor
        self._attempt: Attempt | None = None
        self._trials = 0

    def run(self, trials: int) -> None:
        """Trials until there are so many."""
        self._trials = trials
        if self._study.trials:
            self._monitor.note(
                f"{self._files.place.name[:18]}…: going on after "
                f"{trials - left(self._study, trials)} of {trials} trials"
            )
        with (
            self._monitor.saving(self._interrupted) as check,
            self._monitor.progress("tuning", trials) as step,
        ):
            while to_come := left(self._study, trials):
                self._give_up_if_none_worked()
                self._one(trials - to_come, step)
                self._files.write(self._study)
                check()
        self._give_up_if_none_worked()

    def _one(self, done: int, step: Step) -> None:
        with self._writing():
            attempt = self._attempt = self._study.next()
        monitor = _TrialMonitor(self._monitor, attempt, done, step)
        try:
            score = self._score(attempt, monitor)
        except (ConfigError, DivergedError) as failure:
            with self._writing():
                attempt.fail(str(failure), failure.code)
            self._monitor.note(f"trial {attempt.number} failed: {failure}")
        except (QsimError, Interrupted, KeyboardInterrupt, OSError):
            monitor.pause()
            raise
        except Pruned as given_up:
            with self._writing():
                attempt.prune(str(given_up))
            self._monitor.note(f"trial {attempt.number} given up: {given_up}")
        else:
            with self._writing():
                attempt.finish(score)
            best = self._study.best
            assert best is not None
            said = f"trial {attempt.number}: {self._period} {self._metric} {score:.6g}"
            self._monitor.note(said + " (best)" * (best.number == attempt.number))
            step(done + 1, f"best {best.value:.4g}")
        self._attempt = None

    def _score(self, attempt: Attempt, monitor: Monitor) -> float:
        """Train a trial's settings, or find them trained.

        Raises ConfigError or DivergedError if that gives no score.
        """
        with self._writing():
            values = self._space.values(attempt)
        settings = self._space.settings(values)
        walks = isinstance(settings.split, WalkForward)
        run = f"{'walk' if walks else 'run'}_{settings.fingerprint}"
        earlier = {trial.run for trial in self._study.trials}
        with self._writing():
            attempt.runs_as(run)
        # A study begun afresh trains its runs once more: not those it has trained itself,
        # nor one that was stopped.
        fresh = bool(self._study.notes["fresh"]) and run not in earlier
        if walks:
            return self._walked(attempt, settings, fresh, monitor)
        result = train(settings, USUAL, fresh, monitor=monitor)
        score = result.metrics.get(self._period, {}).get(self._metric, math.nan)
        if not math.isfinite(score):
            raise DivergedError("", f"{self._period}.{self._metric} is {score}")
        return float(score)

    def _walked(self, attempt: Attempt, settings: Train, fresh: bool, monitor: Monitor) -> float:
        """The mean score of the cycles.

        Raises DivergedError if one has none, Pruned if the first of them promise too little.
        """
        scores: list[float] = []
        of = len(settings.cycles)
        for each in cycles(settings, USUAL, fresh, monitor):
            score = each.outcome.scores[self._period][self._metric]
            if not math.isfinite(score):
                raise DivergedError(
                    "", f"{self._period}.{self._metric} of cycle {len(scores) + 1} is {score}"
                )
            scores.append(score)
            with self._writing():
                poor = attempt.report(len(scores), math.fsum(scores) / len(scores))
            if poor and len(scores) < of:
                raise Pruned(
                    f"after cycle {len(scores)} of {of} its mean is "
                    f"{math.fsum(scores) / len(scores):.6g}"
                )
        return math.fsum(scores) / of

    def _give_up_if_none_worked(self) -> None:
        """When the first trials all failed, the next would fail as well."""
        first = self._study.trials[:_PATIENCE]
        if len(first) == _PATIENCE and all(trial.state == "failed" for trial in first):
            last = self._study.trials[-1]
            failure = ConfigError if last.code == ConfigError.code else DivergedError
            raise failure(
                "study",
                f"the first {_PATIENCE} trials failed, so it was given up; the last: {last.reason}",
            )

    def _interrupted(self) -> str:
        """Asked to stop outside of a training."""
        if self._attempt is not None:
            with suppress(OSError):
                self._attempt.pause()
        done = self._trials - left(self._study, self._trials)
        return f"stopped after {done} of {self._trials} trials; the same command goes on from there"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with atomic.reporting_errors(self._files.place.journal, "written"):
            yield


class Pruned(Exception):  # noqa: N818 - an event, not an error
    """A trial promises less than the others did."""


class _TrialMonitor(Monitor):
    """What a trial may say: how far it is, on the bar of the study;
    warnings; and that it was stopped.
    """

    def __init__(self, study: Monitor, attempt: Attempt, done: int, step: Step) -> None:
        self._study, self._attempt, self._done, self._step = study, attempt, done, step

    def pause(self) -> None:
        """The trial was stopped in an orderly way; a full disk is told elsewhere."""
        with suppress(OSError):
            self._attempt.pause()

    def warn(self, text: str) -> None:
        self._study.warn(text)

    def stop(self) -> bool:
        return self._study.stop()

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        def paused() -> str:
            self.pause()
            return save()

        with self._study.saving(paused) as check:
            yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        def step(done: int, text: str = "") -> None:
            self._step(self._done, f"trial {self._attempt.number}, step {done}/{total}  {text}")

        yield step
