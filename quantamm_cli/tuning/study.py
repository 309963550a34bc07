"""A study: trials asked of Optuna, told to it, and kept in a journal,
so that stopping and going on changes nothing.

Optuna's samplers hold a stream of random numbers, which a second process would begin anew. Here
every value is drawn with a seed made from the study's seed, the trial's number and the setting:
what is proposed depends on the trials before and on nothing else. A trial that was stopped goes on
under its own number.
"""

import hashlib
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
from quantamm_cli.tuning.space import Choices, Range

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "stopped",
    TrialState.WAITING: "waiting",
}
Space = Mapping[str, Range | Choices]
_PRUNERS = {"none": optuna.pruners.NopPruner, "median": optuna.pruners.MedianPruner}
_STARTS = 2
"""How often a trial is started whose process dies each time: it may be the trial that kills it."""


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
        _ = trial.relative_params  # drawn now and together: a trial that goes on has the same

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """The value of a searched setting; asked again it is the same."""
        self._study.reseed(self.number, key)
        if isinstance(spec, Choices):
            labels = _labels(spec)
            return labels[self._trial.suggest_categorical(key, list(labels))]
        if spec.whole:
            return self._trial.suggest_int(
                key, int(spec.low), int(spec.high), step=int(spec.step or 1), log=spec.log
            )
        return self._trial.suggest_float(
            key, float(spec.low), float(spec.high), step=spec.step, log=spec.log
        )

    def runs_as(self, run: str) -> None:
        """Remember the run that these settings name."""
        self._trial.set_user_attr("run", run)

    def finish(self, value: float) -> None:
        """The trial's score.

        Raises ValueError unless it is finite: an infinite one would be the best for ever.
        """
        if not math.isfinite(value):
            raise ValueError(f"{value} is no score")
        self._study.optuna.tell(self._trial, value)

    def report(self, step: int, value: float) -> bool:
        """The score so far, after ``step`` of its parts; whether the pruner would give the trial
        up. Told again it changes nothing.
        """
        known = next(
            trial
            for trial in self._study.optuna.get_trials(deepcopy=False)
            if trial.number == self.number
        ).intermediate_values
        if step not in known:
            self._trial.report(value, step)
        return self._trial.should_prune()

    def prune(self, reason: str) -> None:
        """Given up before it has a score, and why."""
        self._trial.set_user_attr("reason", reason)
        self._study.optuna.tell(self._trial, state=TrialState.PRUNED)

    def fail(self, reason: str, code: int) -> None:
        """The trial has no score, and why; ``code`` is the exit code of that failure."""
        self._trial.set_user_attr("reason", reason)
        self._trial.set_user_attr("code", code)
        self._study.optuna.tell(self._trial, state=TrialState.FAIL)

    def pause(self) -> None:
        """Stopped in an orderly way: this start does not count. Twice does no harm."""
        if not self._paused:
            self._paused = True
            self._trial.set_user_attr("starts", self._trial.user_attrs["starts"] - 1)


class Study:
    """Opens or begins the study in a journal, whose lock the caller holds.

    ``given`` is what the first trial takes, as far as it goes;
    ``notes`` are kept from the beginning.
    """

    def __init__(
        self,
        journal: Path,
        name: str,
        seed: int,
        space: Space,
        given: JsonObject,
        notes: JsonObject,
        pruner: str = "none",
    ) -> None:
        optuna.logging.set_verbosity(logging.CRITICAL)
        self._seed, self._space = seed, space
        self.optuna = optuna.create_study(
            storage=open_journal(journal),
            study_name=name,
            direction="maximize",
            load_if_exists=True,
            pruner=_PRUNERS[pruner](),
        )
        for key, value in notes.items():
            if key not in self.optuna.user_attrs:
                self.optuna.set_user_attr(key, value)
        if given and not self.optuna.trials:
            self.optuna.enqueue_trial(
                {key: _label(space[key], value) for key, value in given.items()}
            )

    @property
    def notes(self) -> JsonObject:
        """What was noted when the study began."""
        return dict(self.optuna.user_attrs)

    @property
    def trials(self) -> list[Trial]:
        """Every trial that was begun, by number."""
        return [
            self._told(trial)
            for trial in self.optuna.get_trials(deepcopy=False)
            if trial.state != TrialState.WAITING
        ]

    @property
    def best(self) -> Trial | None:
        """The highest finite score; the earlier of equals."""
        done = [trial for trial in self.trials if trial.value is not None]
        return max(done, key=lambda trial: (trial.value, -trial.number), default=None)

    def bury(self) -> None:
        """Fail the trials that were started twice and never heard of again.

        To be called before the first ``next``.
        """
        for trial in self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.user_attrs.get("starts", 0) >= _STARTS:
                Attempt(self, optuna.Trial(self.optuna, trial._trial_id)).fail(
                    f"its process ended without a word, {_STARTS} times", 1
                )

    def next(self) -> Attempt:
        """The trial that was stopped, or a new one."""
        trials = self.optuna.get_trials(deepcopy=False)
        stopped = next((trial for trial in trials if trial.state == TrialState.RUNNING), None)
        asked = (
            optuna.Trial(self.optuna, stopped._trial_id)
            if stopped is not None
            else self.optuna.ask()
        )
        asked.set_user_attr("starts", asked.user_attrs.get("starts", 0) + 1)
        return Attempt(self, asked)

    def reseed(self, number: int, key: str) -> None:
        """A sampler whose random numbers belong to one trial and setting."""
        digest = hashlib.sha256(f"{self._seed}/{number}/{key}".encode()).digest()
        self.optuna.sampler = optuna.samplers.TPESampler(seed=int.from_bytes(digest[:4], "big"))

    def _told(self, trial: FrozenTrial) -> Trial:
        settings = {}
        for key, value in trial.params.items():
            spec = self._space[key]
            settings[key] = _labels(spec)[value] if isinstance(spec, Choices) else value
        score = trial.value if trial.state == TrialState.COMPLETE else None
        notes = (trial.user_attrs.get(name) for name in ("run", "reason", "code"))
        return Trial(trial.number, STATES[trial.state], score, settings, *notes)


def _labels(spec: Choices) -> dict[Any, Json]:
    """Choices by what Optuna can hold: names or numbers as they are,
    anything else as text (to Optuna 1 is true).
    """
    alike = all(isinstance(value, str) for value in spec.values) or all(
        type(value) in (int, float) for value in spec.values
    )
    return {value if alike else canonical(plain(value)): value for value in spec.values}


def _label(spec: Range | Choices, value: Any) -> Any:
    return (
        next(name for name, choice in _labels(spec).items() if choice == value)
        if isinstance(spec, Choices)
        else value
    )
