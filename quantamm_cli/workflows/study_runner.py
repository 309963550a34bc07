"""The loop of a worker: claim a trial, train it, record its scores, until none is left."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError, DivergedError, Interrupted, QsimError
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning.leases import Lease
from quantamm_cli.tuning.study import Attempt
from quantamm_cli.tuning.trials import ENDED, Trial
from quantamm_cli.workflows.monitor import Check, Monitor, Passing, Save, Step
from quantamm_cli.workflows.study_files import run_name
from quantamm_cli.workflows.study_reports import Job, Reports, TrialOver
from quantamm_cli.workflows.trial_scores import TrialScores

_POLL_SECONDS = 0.5
"""Between two looks at trials of others that may come back, and between two reports to others."""


class StudyStopped(Exception):  # noqa: N818 - an event, not an error
    """The study's time is over, or somebody asks its workers to stop."""


_IDLE: Mapping[str, Any] = {"trial": None, "begun": None, "step": 0, "steps": 0, "text": ""}
"""The state of a worker between two trials."""


@dataclass
class Runner:
    """A worker. ``deadline``: the value of ``time.monotonic`` at which it stops. ``ended`` is
    called after each trial.
    """

    job: Job
    lease: Lease
    monitor: Monitor
    deadline: float = math.inf
    ended: Callable[[Trial], None] = lambda trial: None
    watched: Callable[[], None] = lambda: None
    """Called twice a second, whatever the worker does."""
    _attempt: Attempt | None = None
    _looked: float = field(default=-math.inf)

    def run(self) -> None:
        """Run trials until none waits or runs elsewhere.

        Raises StudyStopped if time is over or somebody asks to stop; the trial is put back.
        """
        with self.monitor.saving(self._interrupted) as check:
            while True:
                check()
                self._check_study(self._interrupted)
                with self.job.writing():
                    self._attempt = self.job.study.claim(self.lease, self.job.settings.patience)
                if self._attempt is not None:
                    self._run_trial(self._attempt)
                elif self._others_run():
                    self.watched()
                    time.sleep(_POLL_SECONDS)
                else:
                    return

    def _others_run(self) -> bool:
        return any(trial.state == "running" for trial in self.job.study.trials)

    def _run_trial(self, attempt: Attempt) -> None:
        self.lease.write(trial=attempt.number, begun=time.time())
        try:
            values, violations = self._scores(attempt)
        except (ConfigError, DivergedError) as failure:
            with self.job.writing():
                attempt.fail(str(failure), failure.code)
        except TrialOver as over:
            with self.job.writing():
                attempt.prune(str(over))
        except (QsimError, Interrupted, StudyStopped, KeyboardInterrupt, OSError):
            self._release()
            raise
        else:
            with self.job.writing():
                attempt.finish(values, violations)
        self._attempt = None
        self.lease.write(**_IDLE, ended=self.lease.state.ended + 1)
        self.ended(self.job.study.trials[attempt.number])

    def _scores(self, attempt: Attempt) -> tuple[tuple[float, ...], dict[str, float]]:
        """The trial's scores, and how far it is beyond its limits.

        Raises ConfigError, DivergedError or TrialOver if it has none.
        """
        job = self.job
        earlier = {trial.run for trial in job.study.trials} if job.fresh else set()
        with job.writing():
            attempt.draw()
            values = job.search.values(attempt)
            tree = job.search.tree(values)
            settings = read_settings(Train, tree)
            run = run_name(settings)
            attempt.runs_as(run, values)
        # A fresh study trains again what other studies have trained,
        # but not a run that one of its own trials has trained or begun.
        fresh = job.fresh and run not in earlier
        reports = Reports(job, attempt, settings)
        monitor = _TrialMonitor(self, attempt, reports)
        trial = TrialScores(tree, monitor, fresh, job.other_data, reports.of_training)
        for scores in trial.of(settings):
            reports.of_cycle(scores)
        for beside in trial.trained:
            if beside.startswith(f"{run}+"):  # the run of the plain name is of other data
                with job.writing():
                    attempt.runs_as(beside, values)
        return reports.values(), job.goal.violations(reports.cycles)

    def _release(self) -> None:
        """Put the trial back; a full disk is reported elsewhere."""
        attempt = self._attempt
        if attempt is not None:
            with suppress(OSError):
                attempt.release()
            self.lease.write(**_IDLE)

    def _interrupted(self) -> str:
        """Called when the command must stop while no training runs."""
        self._release()
        return stopped_text(self.job)

    def _check_study(self, save: Save) -> None:
        """Raise StudyStopped if the study's time is over, or somebody asks its workers to stop."""
        now = time.monotonic()
        if now <= self.deadline and now - self._looked < _POLL_SECONDS:
            return
        self._looked = now
        self.watched()
        if reason := stop_reason(self.job, self.deadline, self.lease.state.since):
            save()
            raise StudyStopped(reason)


def stop_reason(job: Job, deadline: float, since: float) -> str | None:
    """Why a worker that began at ``since``, in seconds since 1970, stops now; ``None`` if it goes
    on. ``deadline``: a value of ``time.monotonic``.
    """
    if time.monotonic() > deadline:
        return f"study.max_seconds={job.settings.max_seconds:g} is over"
    return "stopped by qsim tune stop" if job.place.asked_to_stop(since) else None


def stopped_text(job: Job) -> str:
    """The message of a study that a signal stopped."""
    trials = job.study.trials
    done = sum(trial.state in ENDED for trial in trials)
    return f"stopped after {done} of {len(trials)} trials; run the same command to resume"


class _TrialMonitor(Passing):
    """Shows the progress of a trial as that of its worker, passes on warnings, and stops the trial
    when it or its study must stop.
    """

    def __init__(self, runner: Runner, attempt: Attempt, reports: Reports) -> None:
        super().__init__(runner.monitor)
        self._runner, self._attempt, self._reports = runner, attempt, reports
        limit = runner.job.settings.trial_seconds
        self._end = math.inf if limit is None else time.monotonic() + limit
        self._written = -math.inf

    def warn(self, text: str) -> None:
        super().warn(f"trial {self._attempt.number}: {text}")

    def detail(self, text: str) -> None:
        super().detail(f"trial {self._attempt.number}: {text}")

    def note(self, text: str) -> None:
        self.detail(text)

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        def released() -> str:
            text = save()
            self._runner._release()
            return text

        with super().saving(released) as check:

            def check_all() -> None:
                check()
                self._runner._check_study(released)
                if time.monotonic() > self._end:
                    save()
                    limit = self._runner.job.settings.trial_seconds
                    raise TrialOver(f"study.trial_seconds={limit:g} is over")

            yield check_all

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        def step(done: int, text: str = "") -> None:
            now = time.monotonic()
            if now - self._written >= _POLL_SECONDS:
                self._written = now
                lease = self._runner.lease
                lease.write(step=done, steps=total or 0, text=self._reports.head + text)

        yield step
