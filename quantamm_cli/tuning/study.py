"""A study: trials that Optuna suggests and a journal stores, so that stopping and resuming
changes nothing.

Optuna's samplers hold a stream of random numbers, which a second process would start again. Here
each value is drawn with a seed made from the study's seed, the trial's number and the setting:
suggestions depend on the earlier trials and on nothing else. A stopped trial is resumed under its
own number.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quantamm_cli.settings.digest import canonical, plain
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.tuning.journal import open_journal
from quantamm_cli.tuning.optuna import FrozenTrial, TrialState, optuna
from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.samplers.base import Sampler, draw_seed
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.space import Choices, Range

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "stopped",
    TrialState.WAITING: "waiting",
}
Space = Mapping[str, Range | Choices]
_TPE, _NO_PRUNER = TPE(), NoPruner()
_STARTS = 2
"""Starts of a trial whose process dies each time: the trial itself may be the cause."""


@dataclass(frozen=True)
class Trial:
    """A trial as the journal has it. ``settings`` are the searched ones by dotted name."""

    number: int
    state: str
    value: float | None = None
    settings: JsonObject = field(default_factory=dict)
    run: str | None = None
    reason: str | None = None
    code: int | None = None


class Attempt:
    """A trial in progress."""

    def __init__(self, study: "Study", trial: optuna.Trial) -> None:
        self.number = trial.number
        self._study, self._trial = study, trial
        self._paused = False
        study.reseed(self.number, "")
        _ = trial.relative_params  # drawn now and together, so a resumed trial has the same values

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """The value of a searched setting; another call gives the same."""
        self._study.reseed(self.number, key)
        if isinstance(spec, Choices):
            labels = _labels(spec)
            return labels[self._trial.suggest_categorical(key, list(labels))]
        if spec.integer:
            return self._trial.suggest_int(
                key, int(spec.low), int(spec.high), step=int(spec.step or 1), log=spec.log
            )
        return self._trial.suggest_float(
            key, float(spec.low), float(spec.high), step=spec.step, log=spec.log
        )

    def runs_as(self, run: str) -> None:
        """Record the name of the run of these settings."""
        self._trial.set_user_attr("run", run)

    def finish(self, value: float) -> None:
        """Record the trial's score.

        Raises ValueError unless it is finite: an infinite score would stay the best.
        """
        if not math.isfinite(value):
            raise ValueError(f"the score is {value}; expected a finite number")
        self._study.optuna.tell(self._trial, value)

    def report(self, step: int, value: float) -> bool:
        """Record the score after ``step`` parts, once; returns whether the pruner would end the
        trial.
        """
        trials = self._study.optuna.get_trials(deepcopy=False)
        stored = next(trial for trial in trials if trial.number == self.number)
        if step not in stored.intermediate_values:
            self._trial.report(value, step)
        return self._trial.should_prune()

    def prune(self, reason: str) -> None:
        """Record that the trial was ended before it had a score, and why."""
        self._trial.set_user_attr("reason", reason)
        self._study.optuna.tell(self._trial, state=TrialState.PRUNED)

    def fail(self, reason: str, code: int) -> None:
        """Record that the trial has no score, and why; ``code`` is the exit code of the error."""
        self._trial.set_user_attr("reason", reason)
        self._trial.set_user_attr("code", code)
        self._study.optuna.tell(self._trial, state=TrialState.FAIL)

    def pause(self) -> None:
        """Record that the trial was stopped: this start does not count. May be called twice."""
        if not self._paused:
            self._paused = True
            self._trial.set_user_attr("starts", self._trial.user_attrs["starts"] - 1)


class Study:
    """Opens or creates the study in a journal, whose lock the caller holds.

    ``first``: values of the first trial; what it leaves out is suggested. ``notes`` are stored
    when the study is created.
    """

    def __init__(
        self,
        journal: Path,
        name: str,
        seed: int,
        space: Space,
        first: JsonObject,
        notes: JsonObject,
        pruner: Pruner = _NO_PRUNER,
        sampler: Sampler = _TPE,
        parts: int = 1,
    ) -> None:
        optuna.logging.set_verbosity(logging.CRITICAL)
        self._seed, self._space, self._sampler = seed, space, sampler
        self.optuna = optuna.create_study(
            storage=open_journal(journal),
            study_name=name,
            direction="maximize",
            load_if_exists=True,
            pruner=pruner.make(parts),
        )
        for key, value in notes.items():
            if key not in self.optuna.user_attrs:
                self.optuna.set_user_attr(key, value)
        if first and not self.optuna.trials:
            labels = {key: _label(space[key], value) for key, value in first.items()}
            self.optuna.enqueue_trial(labels)

    @property
    def notes(self) -> JsonObject:
        """The notes that were stored when the study was created."""
        return dict(self.optuna.user_attrs)

    @property
    def trials(self) -> list[Trial]:
        """Every trial that was started, by number."""
        trials = self.optuna.get_trials(deepcopy=False)
        return [self._converted(trial) for trial in trials if trial.state != TrialState.WAITING]

    @property
    def best(self) -> Trial | None:
        """The trial with the highest score; the earliest of equals."""
        done = [trial for trial in self.trials if trial.value is not None]
        return max(done, key=lambda trial: (trial.value, -trial.number), default=None)

    def fail_abandoned(self) -> None:
        """Fail the trials whose process died at each of their starts.

        Call it before the first ``next``.
        """
        for trial in self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.user_attrs.get("starts", 0) >= _STARTS:
                attempt = Attempt(self, optuna.Trial(self.optuna, trial._trial_id))
                attempt.fail(f"its process died {_STARTS} times", 1)

    def next(self) -> Attempt:
        """The trial that was stopped, or a new one."""
        stopped = self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        trial = optuna.Trial(self.optuna, stopped[0]._trial_id) if stopped else self.optuna.ask()
        trial.set_user_attr("starts", trial.user_attrs.get("starts", 0) + 1)
        return Attempt(self, trial)

    def reseed(self, number: int, key: str) -> None:
        """Use a sampler whose random numbers depend on the trial and the setting only."""
        seed = draw_seed(self._seed, number, key)
        self.optuna.sampler = self._sampler.make(seed, self._seed, number)

    def _converted(self, trial: FrozenTrial) -> Trial:
        settings = {}
        for key, value in trial.params.items():
            spec = self._space[key]
            settings[key] = value
            if isinstance(spec, Choices):
                settings[key] = _labels(spec)[value]
        score = trial.value if trial.state == TrialState.COMPLETE else None
        notes = (trial.user_attrs.get(name) for name in ("run", "reason", "code"))
        return Trial(trial.number, STATES[trial.state], score, settings, *notes)


def _labels(spec: Choices) -> dict[Any, Json]:
    """Choices by a label that Optuna can store: all names or all numbers as they are, else
    canonical JSON (Optuna takes 1 and true for equal).
    """
    names = all(isinstance(value, str) for value in spec.values)
    if names or all(type(value) in (int, float) for value in spec.values):
        return {value: value for value in spec.values}
    return {canonical(plain(value)): value for value in spec.values}


def _label(spec: Range | Choices, value: Any) -> Any:
    if isinstance(spec, Choices):
        return next(label for label, choice in _labels(spec).items() if choice == value)
    return value
