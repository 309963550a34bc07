"""The trials of a study: suggested, trained and reported, one after another."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError, DivergedError, Interrupted, QsimError
from quantamm_cli.metrics.undefined import reason
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store import atomic
from quantamm_cli.tuning.study import Attempt, Study
from quantamm_cli.workflows.monitor import Check, Monitor, Save, Step
from quantamm_cli.workflows.selection import USUAL
from quantamm_cli.workflows.study_files import StudyFiles, run_name
from quantamm_cli.workflows.train import train
from quantamm_cli.workflows.walk_forward import cycles

_PATIENCE = 5
"""If so many trials at the beginning all fail, the study ends."""


def remaining_trials(study: Study, trials: int) -> int:
    """How many of ``trials`` have not ended yet."""
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
        other_data: bool = False,
    ) -> None:
        self._study, self._space, self._files = study, space, files
        self._period, self._metric = objective
        self._monitor, self._other_data = monitor, other_data
        self._attempt: Attempt | None = None
        self._trials = 0

    def run(self, trials: int) -> None:
        """Run trials until ``trials`` have ended."""
        self._trials = trials
        if self._study.trials:
            self._monitor.note(
                f"{self._files.place.name[:18]}…: resuming after "
                f"{trials - remaining_trials(self._study, trials)} of {trials} trials"
            )
        with (
            self._monitor.saving(self._interrupted) as check,
            self._monitor.progress("tuning", trials) as step,
        ):
            while remaining := remaining_trials(self._study, trials):
                self._stop_if_all_failed()
                self._run_trial(trials - remaining, step)
                self._files.write(self._study)
                check()
        self._stop_if_all_failed()

    def _run_trial(self, done: int, step: Step) -> None:
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
        except Pruned as pruned:
            with self._writing():
                attempt.prune(str(pruned))
            self._monitor.note(f"trial {attempt.number} pruned: {pruned}")
        else:
            with self._writing():
                attempt.finish(score)
            best = self._study.best
            assert best is not None
            mark = " (best)" * (best.number == attempt.number)
            self._monitor.note(
                f"trial {attempt.number}: {self._period} {self._metric} {score:.6g}{mark}"
            )
            step(done + 1, f"best {best.value:.4g}")
        self._attempt = None

    def _score(self, attempt: Attempt, monitor: Monitor) -> float:
        """The score of a trial; its settings are trained unless they already are.

        Raises ConfigError or DivergedError if there is no score.
        """
        with self._writing():
            values = self._space.values(attempt)
        settings = self._space.settings(values)
        run = run_name(settings)
        earlier = {trial.run for trial in self._study.trials}
        with self._writing():
            attempt.runs_as(run)
        # A fresh study trains again what other studies have trained,
        # but not a run that one of its own trials has trained or begun.
        fresh = bool(self._study.notes["fresh"]) and run not in earlier
        if isinstance(settings.split, WalkForward):
            return self._walk_forward_score(attempt, settings, fresh, monitor)
        result = train(settings, USUAL, fresh, monitor=monitor, other_data=self._other_data)
        score = result.metrics.get(self._period, {}).get(self._metric, math.nan)
        if not math.isfinite(score):
            raise self._without_score(score, settings)
        return float(score)

    def _walk_forward_score(
        self, attempt: Attempt, settings: Train, fresh: bool, monitor: Monitor
    ) -> float:
        """The mean score of the cycles.

        Raises DivergedError if a cycle has no score, Pruned if the pruner ends the trial.
        """
        scores: list[float] = []
        total = len(settings.cycles)
        for each in cycles(settings, USUAL, fresh, monitor, self._other_data):
            score = each.outcome.scores[self._period][self._metric]
            if not math.isfinite(score):
                cycle = f" of cycle {len(scores) + 1}"
                raise self._without_score(score, each.settings, cycle)
            scores.append(score)
            mean = math.fsum(scores) / len(scores)
            with self._writing():
                prune = attempt.report(len(scores), mean)
            if prune and len(scores) < total:
                raise Pruned(f"after cycle {len(scores)} of {total} its mean is {mean:.6g}")
        return math.fsum(scores) / total

    def _without_score(self, score: float, settings: Train, cycle: str = "") -> DivergedError:
        """The failure of a trial whose score does not exist."""
        first, last = settings.periods[self._period]
        why = reason(self._metric, score, last - first)
        return DivergedError("", f"{self._period}.{self._metric}{cycle} is {score} ({why})")

    def _stop_if_all_failed(self) -> None:
        """Raise an error if the first trials all failed, as the next would fail too."""
        first = self._study.trials[:_PATIENCE]
        if len(first) == _PATIENCE and all(trial.state == "failed" for trial in first):
            last = self._study.trials[-1]
            failure = ConfigError if last.code == ConfigError.code else DivergedError
            raise failure(
                "study",
                f"ended, as the first {_PATIENCE} trials failed; the last: {last.reason}",
            )

    def _interrupted(self) -> str:
        """Called when the command must stop while no training runs."""
        if self._attempt is not None:
            with suppress(OSError):
                self._attempt.pause()
        done = self._trials - remaining_trials(self._study, self._trials)
        return f"stopped after {done} of {self._trials} trials; run the same command to resume"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with atomic.reporting_errors(self._files.place.journal, "written"):
            yield


class Pruned(Exception):  # noqa: N818 - an event, not an error
    """The pruner ends a trial: its score so far is below those of the others."""


class _TrialMonitor(Monitor):
    """Shows the progress of a trial on the bar of its study, passes on warnings, and pauses the
    trial when it must stop.
    """

    def __init__(self, study: Monitor, attempt: Attempt, done: int, step: Step) -> None:
        self._study, self._attempt, self._done, self._step = study, attempt, done, step

    def pause(self) -> None:
        """Record that the trial was stopped; a full disk is reported elsewhere."""
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
