"""What one does with a study besides running it: look at it, stop it, retry and export trials."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from quantamm_cli.errors import ArgumentError, ConfigError, StoreError
from quantamm_cli.reporting.study_tables import (
    progress_line,
    settings_of,
    trial_columns,
    trials_table,
    workers_table,
)
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.store import atomic
from quantamm_cli.store.runs import Store
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.store.tables import TABLES, write_table
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.leases import WorkerState
from quantamm_cli.tuning.optuna import JournalStorage
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.study import Study, read_notes
from quantamm_cli.tuning.study_document import StudyNotes, TrialRecord, objectives
from quantamm_cli.tuning.study_records import best_of, best_record, check_pick, front_of, record
from quantamm_cli.tuning.trials import Trial
from quantamm_cli.workflows.results import Result


@dataclass(frozen=True)
class OpenStudy:
    """A study in a runs folder, which may be running."""

    place: StudyPlace
    notes: StudyNotes
    study: Study

    @property
    def names(self) -> tuple[str, ...]:
        """The objectives."""
        return objectives(self.notes["identity"])

    @property
    def caption(self) -> str:
        """Its name and its objectives."""
        return f"{self.place.name[:18]}  {', '.join(self.names)}"

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Its trials; one whose worker is dead waits."""
        alive = {worker.name for worker in leases.workers(self.place.workers)}
        return tuple(
            replace(trial, state="waiting", worker=None)
            if trial.state == "running" and trial.worker not in alive
            else trial
            for trial in self.study.trials
        )

    @property
    def records(self) -> list[TrialRecord]:
        """Its trials as they are written."""
        return [record(trial, self.names) for trial in self.trials]


def named_study(runs_dir: str, name: str) -> StudyPlace:
    """The files of a study, by digits of its name or its path. Raises StoreError."""
    return StudyPlace.of(Store(runs_dir).named(name, ("study",)))


def open_stored(place: StudyPlace) -> OpenStudy:
    """A study as its journal has it. Raises StoreError if it has none, or one of an older form."""
    notes, storage = notes_of(place)
    settings = StudySettings(pruner=NoPruner())  # nothing is drawn here
    study = Study(place.journal, place.name, settings, storage=storage)
    return OpenStudy(place, notes, study)


def notes_of(place: StudyPlace) -> tuple[StudyNotes, JournalStorage]:
    """What a study's journal says of it, and the open journal. Raises StoreError as
    ``open_stored``.
    """
    notes, storage = read_notes(place.journal, place.name)
    if "composed" not in notes:
        raise StoreError(
            str(place.folder),
            "was begun by an older version, whose trials had no slots; qsim runs show "
            f"{place.name[:18]} shows it, and qsim tune with its settings begins a new one",
        )
    return notes, storage


@dataclass(frozen=True)
class StudyStatus(Result):
    """How far a study is, and who works at it."""

    opened: OpenStudy
    trials: tuple[Trial, ...]
    workers: tuple[WorkerState, ...]

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return best_of(self.trials, self.opened.names)

    def to_dict(self) -> dict[str, Json]:
        counts: dict[str, Json] = {}
        for state in ("waiting", "running", "finished", "pruned", "failed"):
            counts[state] = sum(trial.state == state for trial in self.trials)
        tree: dict[str, Json] = {
            "study": self.opened.place.name,
            "objective": ", ".join(self.opened.names),
            "trials": counts,
            "workers": [
                {"worker": each.label, "pid": each.pid, "host": each.host, "trial": each.trial}
                for each in self.workers
            ],
        }
        best = self.best
        if best is not None:
            place = self.opened.place
            tree["best"] = finite(best_record(best, self.opened.names, str(place.experiment)))
        return tree

    def tables(self) -> Sequence[Table | str]:
        line = progress_line(self.trials, self.opened.names, self.best, None)
        parts: list[Table | str] = [self.opened.caption, line]
        if self.workers:
            parts.append(workers_table(self.workers, time.time(), ""))
        else:
            parts.append("no worker is at it")
        return parts


def status(opened: OpenStudy) -> StudyStatus:
    """The state of a study at this moment."""
    workers = leases.workers(opened.place.workers)
    return StudyStatus(opened, opened.trials, tuple(workers))


@dataclass(frozen=True)
class StudyTrials(Result):
    """The trials of a study, and the file they were written to, if any."""

    opened: OpenStudy
    records: tuple[TrialRecord, ...]
    best: int | None
    file: Path | None = None

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {
            "study": self.opened.place.name,
            "objective": ", ".join(self.opened.names),
            "trials": finite(list(self.records)),
        }
        if self.file is not None:
            tree["files"] = {"out": str(self.file)}
        return tree

    def tables(self) -> Sequence[Table | str]:
        if self.file is not None:
            return [f"{len(self.records)} trials: {self.file}"]
        searched = settings_of(self.records)
        names = self.opened.names
        return [trials_table(self.opened.caption, self.records, searched, self.best, names)]


def trials(opened: OpenStudy) -> StudyTrials:
    """All trials of a study."""
    every = opened.trials
    best = best_of(every, opened.names)
    records = tuple(record(trial, opened.names) for trial in every)
    return StudyTrials(opened, records, None if best is None else best.number)


def export(opened: OpenStudy, out: Path) -> StudyTrials:
    """Write a row for each trial to a Parquet or CSV file: number, state, scores, settings, limits,
    run, seconds, reason.

    Raises ArgumentError if the file ends otherwise.
    """
    if out.suffix not in TABLES:
        raise ArgumentError("out", f"{out}: expected a file that ends in {' or '.join(TABLES)}")
    shown = trials(opened)
    write_table(out, trial_columns(shown.records, opened.names))
    return StudyTrials(opened, shown.records, shown.best, out)


@dataclass(frozen=True)
class BestTrial(Result):
    """The best trial of a study."""

    opened: OpenStudy
    best: Trial
    front: tuple[int, ...]
    """Of several objectives, the trials that no other beats in all of them."""

    def to_dict(self) -> dict[str, Json]:
        opened = self.opened
        experiment = str(opened.place.experiment)
        tree: dict[str, Json] = {
            "study": opened.place.name,
            "objective": ", ".join(opened.names),
            "best": finite(best_record(self.best, opened.names, experiment)),
        }
        return tree | ({"front": list(self.front)} if len(opened.names) > 1 else {})

    def tables(self) -> Sequence[Table | str]:
        opened = self.opened
        records = {each["number"]: each for each in opened.records}
        numbers = self.front if len(opened.names) > 1 else (self.best.number,)
        rows = [records[number] for number in numbers]
        searched = settings_of(rows)
        return [trials_table(opened.caption, rows, searched, self.best.number, opened.names)]

    def notes(self) -> Sequence[str]:
        path = self.opened.place.experiment
        with suppress(OSError):
            if f"# trial {self.best.number} of " in path.read_text("utf-8"):
                return [f"to train it again: qsim train conf={path}"]
        return [f"{path} has another trial; qsim tune with the same --pick writes this one"]


def best(opened: OpenStudy, how: str) -> BestTrial:
    """The best trial so far; of several objectives the one that ``how`` picks.

    Raises StoreError if no trial has a score within all limits, and ArgumentError.
    """
    check_pick(opened.names, how)
    every = opened.trials
    chosen = best_of(every, opened.names, how)
    if chosen is None:
        raise StoreError(
            str(opened.place.folder), f"none of {len(every)} trials has a score within all limits"
        )
    return BestTrial(opened, chosen, tuple(front_of(every)))


@dataclass(frozen=True)
class Retried(Result):
    """The failed trials that are tried again, and the new ones with their values."""

    study: str
    retried: tuple[int, ...]
    added: tuple[int, ...]

    def to_dict(self) -> dict[str, Json]:
        return {"study": self.study, "retried": list(self.retried), "added": list(self.added)}

    def tables(self) -> Sequence[Table | str]:
        if not self.added:
            return ["no trial failed; nothing to retry"]
        pairs = zip(self.retried, self.added, strict=True)
        lines = [f"trial {old} is tried again as trial {new}" for old, new in pairs]
        return [*lines, "qsim tune with the same settings, or qsim tune worker, runs them"]


def retry(opened: OpenStudy, words: Sequence[str]) -> Retried:
    """Try failed trials again: those with these numbers, or all.

    Raises ConfigError if a trial has not failed, or is tried again already.
    """
    failed = {
        trial.number: trial
        for trial in opened.study.trials
        if trial.state == "failed" and not trial.retried
    }
    for word in words:
        if not word.isdecimal() or int(word) not in failed:
            known = " ".join(map(str, failed)) or "none"
            raise ConfigError("retry", f"{word} is not the number of a failed trial ({known})")
    numbers = tuple(dict.fromkeys(map(int, words))) or tuple(failed)
    return Retried(opened.place.name, numbers, tuple(opened.study.retry(numbers)))


@dataclass(frozen=True)
class Stopping(Result):
    """Workers were asked to stop."""

    study: str
    workers: tuple[WorkerState, ...]

    def to_dict(self) -> dict[str, Json]:
        return {"study": self.study, "workers": [each.pid for each in self.workers]}

    def tables(self) -> Sequence[Table | str]:
        if not self.workers:
            return ["no worker is at it"]
        pids = ", ".join(str(each.pid) for each in self.workers)
        return [f"{len(self.workers)} workers save their trials and stop (pid {pids})"]


def stop(opened: OpenStudy) -> Stopping:
    """Ask all workers of a study to save their trials and stop."""
    workers = tuple(leases.workers(opened.place.workers))
    if workers:
        atomic.write_text(opened.place.stop_mark, "")
    return Stopping(opened.place.name, workers)
