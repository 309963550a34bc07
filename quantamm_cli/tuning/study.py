"""A study: slots for trials in a journal, which workers claim, fill with values and end.

Optuna's samplers hold a stream of random numbers, which a second process would start again. Here
each value is drawn with a seed made from the study's seed, the trial's number and the setting:
suggestions depend on the earlier trials and on nothing else. A trial that was stopped, or whose
worker died, goes back under its own number with the values it has.
"""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import canonical, plain
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.journal import SystemLock, open_journal
from quantamm_cli.tuning.leases import Lease
from quantamm_cli.tuning.optuna import FrozenTrial, JournalStorage, TrialState, optuna
from quantamm_cli.tuning.samplers.base import draw_seed
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.space import Choices, Range
from quantamm_cli.tuning.study_document import StudyNotes
from quantamm_cli.tuning.trials import Trial, ended_early

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
Point = Mapping[str, Json]
"""Values by the names that the journal has for searched settings."""
_DEATHS = (5, 40)
"""Deaths of workers at a trial without progress, after which the trial is taken for the cause:
while other trials ended, and in all. If nothing ends meanwhile, something else kills the workers.
"""


class Study:
    """The study in a journal, as created by ``create_study``.

    ``parts``: how many reports a trial makes at most; pruners may need it. ``storage``: the
    journal, if it is open already.
    """

    def __init__(
        self,
        journal: Path,
        name: str,
        settings: StudySettings,
        parts: int = 1,
        storage: JournalStorage | None = None,
    ) -> None:
        optuna.logging.set_verbosity(logging.CRITICAL)
        self.workers = journal.parent / "workers"
        self._name, self._settings = name, settings
        self._claims = SystemLock(journal.with_name("claims.lock"))
        self._storage = storage or open_journal(journal)
        self._pruner = settings.pruner.make(parts)
        self.optuna = self._opened()

    def _opened(self) -> optuna.Study:
        """Optuna's view, without what an earlier one remembers."""
        study = optuna.load_study(study_name=self._name, storage=self._storage, sampler=_NONE)
        study.pruner = self._pruner
        return study

    @property
    def notes(self) -> JsonObject:
        """The notes that were stored when the study was created."""
        return dict(self.optuna.user_attrs)

    @property
    def trials(self) -> list[Trial]:
        """All slots, by number."""
        slots = self._frozen()
        retried = {trial.user_attrs.get("retries") for trial in slots}
        return [_converted(trial, trial.number in retried) for trial in slots]

    def _frozen(self, *states: TrialState) -> list[FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False, states=states or None)

    def add_slots(self, trials: int, points: Sequence[Point] = ()) -> None:
        """Add waiting trials until there are ``trials``, besides those that were retried.

        ``points``: values of the first trials; what they leave out is drawn.
        """
        with self._claims:
            slots = sum("retries" not in trial.user_attrs for trial in self._frozen())
            for slot in range(slots, trials):
                self.optuna.enqueue_trial(dict(points[slot]) if slot < len(points) else {})

    def claim(self, lease: Lease, patience: int | None = None) -> "Attempt | None":
        """The waiting trial with the lowest number; ``None`` if there is none, or the study ended
        because no trial improved for ``patience`` trials or all the first ones failed.
        """
        with self._claims:
            self._free_dead()
            if ended_early(self.trials, patience) is not None:
                return None
            for trial in self._frozen(TrialState.WAITING):
                if not self._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING):
                    continue  # a process without the lock took it
                self._set(trial, "worker", lease.name)
                self._set(trial, "claimed", time.time())
                self.optuna = self._opened()
                return Attempt(self, optuna.Trial(self.optuna, trial._trial_id))
        return None

    def free_dead(self) -> list[int]:
        """Put the trials of dead workers back; returns their numbers."""
        with self._claims:
            return self._free_dead()

    def _free_dead(self) -> list[int]:
        freed = []
        for trial in self._frozen(TrialState.RUNNING):
            worker = trial.user_attrs.get("worker")
            # without a name, it died between the two records of its claim
            if worker is not None and leases.alive(self.workers, worker):
                continue
            freed.append(trial.number)
            self._count_death(trial)
            if worker is not None:
                leases.remove(self.workers, worker)
        return freed

    def _count_death(self, trial: FrozenTrial) -> None:
        """Put a trial back whose worker died, or fail it if it is the likely cause."""
        ended = [each.number for each in self._frozen() if each.state.is_finished()]
        alone, total, before = trial.user_attrs.get("deaths", (0, 0, 0))
        last = len(ended) == len(self._frozen()) - 1
        deaths = (alone + (len(ended) > before or last), total + 1, len(ended))
        if deaths[0] >= _DEATHS[0] or deaths[1] >= _DEATHS[1]:
            attempt = Attempt(self, optuna.Trial(self.optuna, trial._trial_id))
            attempt.fail(f"its process died {deaths[1]} times without progress", 1)
            return
        self._set(trial, "deaths", deaths)
        self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def retry(self, numbers: Sequence[int]) -> list[int]:
        """Add a trial with the values of each of these failed ones; returns the new numbers."""
        added: list[int] = []
        with self._claims:
            trials = self._frozen()
            for number in numbers:
                self.optuna.enqueue_trial(trials[number].params, {"retries": number})
                added.append(len(trials) + len(added))
        return added

    def release(self, number: int) -> None:
        """Put a trial of this process back, to be resumed; ended ones stay as they are."""
        with self._claims, suppress(RuntimeError):
            trial = self._frozen()[number]
            if trial.state == TrialState.RUNNING:
                self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def use_sampler(self, number: int, key: str) -> None:
        """Draw next with a sampler whose random numbers depend on the trial and the setting."""
        seed = self._settings.seed
        drawn = draw_seed(seed, number, key)
        self.optuna.sampler = self._settings.sampler.make(drawn, seed, number)

    def _set(self, trial: FrozenTrial, name: str, value: Any) -> None:
        self._storage.set_trial_user_attr(trial._trial_id, name, value)


class Attempt:
    """A trial that this process has claimed."""

    def __init__(self, study: Study, trial: optuna.Trial) -> None:
        self.number = trial.number
        self._study, self._trial = study, trial

    @property
    def reports(self) -> Mapping[int, float]:
        """Scores reported so far, by part."""
        return self._stored.intermediate_values

    @property
    def _stored(self) -> FrozenTrial:
        return self._trial.storage.get_trial(self._trial._trial_id)

    def draw(self) -> None:
        """Draw all settings that are modelled together, before ``suggest`` draws the others."""
        self._study.use_sampler(self.number, "")
        _ = self._trial.relative_params

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """The value of a searched setting; another call gives the same."""
        self._study.use_sampler(self.number, key)
        if isinstance(spec, Choices):
            choices = labels(spec)
            return choices[self._trial.suggest_categorical(key, list(choices))]
        if spec.integer:
            return self._trial.suggest_int(
                key, int(spec.low), int(spec.high), step=int(spec.step or 1), log=spec.log
            )
        return self._trial.suggest_float(
            key, float(spec.low), float(spec.high), step=spec.step, log=spec.log
        )

    def runs_as(self, run: str, settings: JsonObject) -> None:
        """Record the trial's settings and the name of their run."""
        self._note("point", {"run": run, "settings": plain(settings)})

    def resumed(self, part: int, steps: int) -> None:
        """Record where this attempt begins: after progress, earlier deaths of workers count no
        more.
        """
        notes = self._trial.user_attrs
        if "deaths" in notes and [part, steps] > notes.get("progress", [1, 0]):
            self._note("progress", [part, steps])
            self._note("deaths", (0, 0, 0))

    def report(self, part: int, value: float) -> bool:
        """Record the score after a part, once; returns whether the pruner ends the trial."""
        reports = self.reports
        if part < max(reports, default=0):
            return False  # an earlier attempt went on from here
        if part not in reports:
            self._trial.report(value, part)
        return math.isfinite(value) and bool(self._trial.should_prune())

    def finish(self, values: Sequence[float], violations: Mapping[str, float]) -> None:
        """Record the trial's scores, one for each objective, and how far it is beyond its limits.

        Raises ValueError unless scores are finite: an infinite score would stay the best.
        """
        if not all(map(math.isfinite, values)):
            raise ValueError(f"the scores are {values}; expected finite numbers")
        for name, value in violations.items():
            if name not in self._trial.constraints:
                self._trial.set_constraint(name, value)
        self._end(TrialState.COMPLETE, list(values))

    def prune(self, reason: str) -> None:
        """Record that the trial was ended before it had a score, and why."""
        self._note("reason", reason)
        self._end(TrialState.PRUNED)

    def fail(self, reason: str, code: int) -> None:
        """Record that the trial has no score, and why; ``code`` is the exit code of the error."""
        self._note("reason", reason)
        self._note("code", code)
        self._end(TrialState.FAIL)

    def release(self) -> None:
        """Put the trial back, to be resumed. A second call does nothing."""
        self._study.release(self.number)

    def _end(self, state: TrialState, values: list[float] | None = None) -> None:
        self._note("ended", time.time())
        self._study.use_sampler(self.number, "end")
        self._study.optuna.tell(self._trial, values, state)

    def _note(self, name: str, value: Any) -> None:
        self._trial.set_user_attr(name, value)


def create_study(
    journal: Path, name: str, objectives: int, notes: JsonObject, latest: JsonObject | None = None
) -> JournalStorage:
    """Create the study in a journal, unless it is there. ``notes`` are stored when it is created,
    ``latest`` at every call. Returns the open journal.

    The caller holds the study's lock: two that create it at once would store two.
    """
    optuna.logging.set_verbosity(logging.CRITICAL)
    storage = open_journal(journal)
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        directions=["maximize"] * objectives,
        load_if_exists=True,
    )
    for key, value in notes.items():
        if key not in study.user_attrs:
            study.set_user_attr(key, value)
    for key, value in (latest or {}).items():
        if study.user_attrs.get(key) != value:
            study.set_user_attr(key, value)
    return storage


def find_notes(journal: Path, name: str) -> StudyNotes | None:
    """The notes of a study in a journal; ``None`` if it has no such study.

    One of version 9274b26 lacks most of them.
    """
    return _notes(open_journal(journal), name) if journal.exists() else None


def _notes(storage: JournalStorage, name: str) -> StudyNotes | None:
    optuna.logging.set_verbosity(logging.CRITICAL)
    with suppress(KeyError):  # what Optuna raises for an unknown name
        study = optuna.load_study(study_name=name, storage=storage, sampler=_NONE)
        notes: Any = study.user_attrs
        return cast(StudyNotes, notes)
    return None


def read_notes(journal: Path, name: str) -> tuple[StudyNotes, JournalStorage]:
    """The notes of a study in a journal, and the open journal. Raises StoreError if it has no such
    study.
    """
    if journal.exists():
        storage = open_journal(journal)
        notes = _notes(storage, name)
        if notes is not None:
            return notes, storage
    raise StoreError(str(journal.parent), "has no journal of a study; start it with qsim tune")


def labels(spec: Choices) -> dict[Any, Json]:
    """Choices by a label that Optuna can store: all names or all numbers as they are, else
    canonical JSON (Optuna takes 1 and true for equal).
    """
    names = all(isinstance(value, str) for value in spec.values)
    if names or all(type(value) in (int, float) for value in spec.values):
        return {value: value for value in spec.values}
    return {canonical(plain(value)): value for value in spec.values}


def labelled(space: Mapping[str, Range | Choices], values: JsonObject) -> dict[str, Json]:
    """Values as the journal has them."""
    point = dict(values)
    for key, value in values.items():
        spec = space[key]
        if isinstance(spec, Choices):
            point[key] = next(name for name, choice in labels(spec).items() if choice == value)
    return point


def _converted(trial: FrozenTrial, retried: bool) -> Trial:
    notes = trial.user_attrs
    place = notes.get("point", {})
    seconds = None
    if "ended" in notes and "claimed" in notes:
        seconds = round(notes["ended"] - notes["claimed"], 3)
    return Trial(
        number=trial.number,
        state=STATES[trial.state],
        values=tuple(trial.values or ()) if trial.state == TrialState.COMPLETE else (),
        settings=place.get("settings", {}),
        run=place.get("run"),
        reason=notes.get("reason"),
        code=notes.get("code"),
        violations=trial.constraints,
        seconds=seconds,
        worker=notes.get("worker") if trial.state == TrialState.RUNNING else None,
        retried=retried,
    )


_NONE = optuna.samplers.RandomSampler(seed=0)
"""A place holder: ``use_sampler`` comes before every draw."""
