"""A study whose trials are trainings, each a stored run; an interrupted study is resumed."""

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError, DivergedError, StoreError, argument
from quantamm_cli.reporting.study_tables import trials_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.computed_by import versions
from quantamm_cli.settings.digest import plain, sha256
from quantamm_cli.settings.json_tree import Json, JsonObject, changed_keys, without
from quantamm_cli.store import atomic
from quantamm_cli.store.inputs import Inputs, differences, of_document
from quantamm_cli.store.other_results import read_study
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.optuna import JournalStorage, optuna
from quantamm_cli.tuning.space import setting_of
from quantamm_cli.tuning.study import Study, create_study, find_notes, labelled
from quantamm_cli.tuning.study_records import best_of, check_pick, record, trials_json
from quantamm_cli.tuning.trials import ENDED, Trial, ended_early, first_all_failed, tired
from quantamm_cli.workflows.data import last_date, load_market, planned_market
from quantamm_cli.workflows.inputs import Bound, inputs_of
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.study_files import StudyFiles
from quantamm_cli.workflows.study_plan import StudyPlan
from quantamm_cli.workflows.study_reports import Job
from quantamm_cli.workflows.study_runner import Runner, StudyStopped
from quantamm_cli.workflows.study_watch import StudyWatch
from quantamm_cli.workflows.study_workers import count_workers, run_workers


@dataclass(frozen=True)
class StudyResult(Result):
    """All trials, and the best of them."""

    plan: StudyPlan
    status: str
    """``new``, ``resumed`` or ``reused``."""
    trials: tuple[Trial, ...]
    """In the order of their numbers."""
    best: Trial | None
    stopped: str | None
    """Why trials still wait; ``None`` if none does."""
    seconds: dict[str, float]
    bound: Bound
    """What the base settings read."""

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return self.plan.place.paths

    def to_dict(self) -> dict[str, Json]:
        place, names = self.plan.place, self.plan.goal.names
        tree: dict[str, Json] = {
            "study": place.name,
            "status": self.status,
            "objective": self.plan.objective,
            **trials_json(self.trials, names, self.best, str(place.experiment)),
        }
        if self.stopped is not None:
            tree["stopped"] = self.stopped
        return {**tree, **self.bound.to_dict(), "seconds": self.seconds, "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        names = self.plan.goal.names
        best = None if self.best is None else self.best.number
        trials = [record(trial, names) for trial in self.trials]
        caption = f"{self.plan.place.name[:18]}  {self.plan.objective}"
        searched = tuple(dict.fromkeys(map(setting_of, self.plan.search.space)))
        return [trials_table(caption, trials, searched, best, names)]

    def notes(self) -> Sequence[str]:
        lines = []
        failed = [trial for trial in self.trials if trial.state == "failed" and not trial.retried]
        if failed:
            lines.append(
                f"{len(failed)} of {len(self.trials)} trials failed; the last, trial "
                f"{failed[-1].number}: {failed[-1].reason}"
            )
        if self.stopped is not None:
            over = tired(self.trials, self.plan.settings.patience)
            how = "a larger study.patience goes on" if over else "run the same command to go on"
            lines.append(f"{self.stopped}; {how}")
        if self.best is not None:
            lines.append(f"to train the best again: qsim train conf={self.files['experiment']}")
        return lines


def tune(
    planned: StudyPlan,
    composed: Composed,
    fresh: bool,
    monitor: Monitor,
    watch: Watch | None = None,
    other_data: bool = False,
    fork: bool = False,
    pick: str = "knee",
) -> StudyResult:
    """Run trials until the study has as many as its settings say.

    Args:
        composed: the settings, which other processes compose again.
        other_data: if the study was made from other inputs, run another beside it.
        fork: if it was made from other inputs or by other code, run another beside it.
        pick: how the best of several objectives is chosen: ``knee``, an objective or ``weights:…``.

    Raises:
        DataError: the study was made from other inputs.
        StoreError: it was made by other code, or its files cannot be read or written.
        DivergedError: no trial has a score.
        Interrupted: the monitor stopped it; the finished trials are saved.
    """
    watch, base = watch or Watch(), planned.search.base
    check_pick(planned.goal.names, pick)
    inputs, code = inputs_of(base, load_market(base, last_date(base))), versions()
    planned, sources = _bound(planned, inputs, code, fresh, other_data, fork)
    place, settings = planned.place, planned.settings
    document: dict[str, Json] = {
        "optuna": optuna.__version__,
        "data": inputs.to_dict(),
        "code": dict(code),
    }
    files = StudyFiles(planned, composed.overrides, monitor, document, pick)
    if fresh and leases.workers(place.workers):
        raise StoreError(
            str(place.folder), f"workers are at its trials; first: qsim tune stop {place.name[:18]}"
        )
    with place.held(fresh):
        study = _open(planned, composed, {**document, "fresh": fresh}, pick)
        job = Job(study, planned.search, settings, planned.goal, place)
        job = replace(job, fresh=bool(study.notes["fresh"]), other_data=bool(sources.changes))
        status = "resumed" if any(trial.settings for trial in study.trials) else "new"
        stopped = None
        if _waiting(study):
            files.write(study)
            stopped = _run(job, files, monitor)
        else:
            status = "reused"
        watch.lap("trials")
        files.write(study)
        trials = tuple(study.trials)
    best = best_of(trials, planned.goal.names, pick)
    _check_best(trials, best, stopped)
    watch.lap("write")
    return StudyResult(planned, status, trials, best, stopped, watch.seconds, sources)


def check_planned_study(planned: StudyPlan, fresh: bool, other_data: bool, fork: bool) -> None:
    """Refuse what ``tune`` would, once it reads the files of its base. Raises as ``tune`` does."""
    base = planned.search.base
    market = planned_market(base, last_date(base))
    if market is not None:
        _bound(planned, inputs_of(base, market), versions(), fresh, other_data, fork)


def _run(job: Job, files: StudyFiles, monitor: Monitor) -> str | None:
    """Run the trials that wait; returns why some still do."""
    study, settings = job.study, job.settings
    done = sum(trial.state in ENDED for trial in study.trials)
    if any(trial.settings for trial in study.trials):
        short = files.plan.place.name[:18]
        monitor.note(f"{short}…: resuming after {done} of {len(study.trials)} trials")
    deadline = math.inf
    if settings.max_seconds is not None:
        deadline = time.monotonic() + settings.max_seconds
    workers = count_workers(settings.workers, _waiting(study))
    with monitor.display("tuning", len(study.trials)) as display:
        shown = StudyWatch(study, files.plan.goal.names, monitor, display, files.pick)
        try:
            if workers > 1:
                run_workers(job, workers, deadline, monitor, shown, files)
            else:
                with leases.lease(study.workers, "1", time.time()) as lease:

                    def ended(trial: Trial) -> None:
                        shown.look()
                        files.write_soon(study)

                    Runner(job, lease, monitor, deadline, ended, shown.look).run()
        except StudyStopped as reason:
            return str(reason)
        finally:
            shown.look()
    return None if first_all_failed(study.trials) else ended_early(study.trials, settings.patience)


def _waiting(study: Study) -> int:
    """How many trials have not ended."""
    return sum(trial.state not in ENDED for trial in study.trials)


def _open(planned: StudyPlan, composed: Composed, document: JsonObject, pick: str) -> Study:
    """The study with all its slots, and what other processes need to know of it."""
    place, settings = planned.place, planned.settings
    notes = {**document, "identity": planned.identity}
    latest: dict[str, Json] = {
        "study": without(plain(settings), "meaning"),
        "composed": composed.to_dict(),
        "folder": os.getcwd(),
        "pick": pick,
    }
    atomic.make_folder(place.workers)
    with atomic.reporting_errors(place.journal, "written"):
        storage = create_study(place.journal, place.name, len(planned.goal.names), notes, latest)
        study = open_study(planned, storage)
        points = [labelled(planned.search.space, values) for values in planned.first]
        study.add_slots(settings.trials, points)
    return study


def open_study(planned: StudyPlan, storage: JournalStorage) -> Study:
    """The study of a plan, which exists, in its open journal."""
    place = planned.place
    return Study(place.journal, place.name, planned.settings, planned.parts, storage)


def _check_best(trials: Sequence[Trial], best: Trial | None, stopped: str | None) -> None:
    """Raise an error if no trial can be the best."""
    if best is not None or stopped is not None:
        return
    last = first_all_failed(trials)
    if last is not None:
        failure = ConfigError if last.code == ConfigError.code else DivergedError
        raise failure("study", f"ended, as the first trials failed; the last: {last.reason}")
    scored = [trial for trial in trials if trial.values]
    if scored:
        near = min(scored, key=lambda trial: max(trial.violations.values()))
        beyond = ", ".join(f"{name} by {by:.4g}" for name, by in near.violations.items() if by > 0)
        raise DivergedError(
            "study.constraints",
            f"no trial of {len(trials)} is within all limits; the nearest, trial {near.number}, is "
            f"beyond {beyond}",
        )
    reasons = [trial.reason for trial in trials if trial.reason]
    raise DivergedError(
        "study", f"none of {len(trials)} trials has a score; the last: {reasons[-1]}"
    )


def _bound(
    planned: StudyPlan,
    now: Inputs,
    code: Mapping[str, str],
    fresh: bool,
    other_data: bool,
    fork: bool,
) -> tuple[StudyPlan, Bound]:
    """The study of these inputs and this code, and how they differ from another's.

    Raises DataError or StoreError if it was made from others, unless ``other_data`` or ``fork``.
    """
    place = planned.place
    stored = None if fresh else _begun(place)
    if stored is None:
        return planned, Bound(now)
    apart = differences(of_document(stored["data"]), now)
    if not (other_data or fork):
        apart.refuse(str(place.folder))
    changed = changed_keys(stored.get("code", {}), code)
    if changed and not fork:
        raise StoreError(
            str(place.folder),
            f"was begun by other code: {'; '.join(changed)}; begin another study beside it with "
            f"{argument('fork', True)} (it reuses what is trained already)",
        )
    beside = now.suffix if apart.changes else ""
    if changed:
        beside = sha256({"data": now.sha256, "code": dict(code)})[:12]
    return replace(planned, beside=beside), Bound(now, apart.changes)


def _begun(place: StudyPlace) -> Mapping[str, Any] | None:
    """What says of which data and by which code the study was begun; ``None``: it was not."""
    try:
        stored: Mapping[str, Any] = read_study(
            StoredResult("study", place.fingerprint, place.folder)
        )
    except StoreError:  # damaged, or not written yet: the journal has it too
        stored = find_notes(place.journal, place.name) or {}
    return stored if "data" in stored else None
