"""A worker that joins a study from any terminal: it composes what the study has stored, refuses to
take part if that differs here, and runs trials until none is left.
"""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import StoreError
from quantamm_cli.reporting.study_tables import ended_line
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.computed_by import versions
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import Json, changed_keys
from quantamm_cli.store import atomic
from quantamm_cli.store.inputs import differences, of_document
from quantamm_cli.store.lock import BusyError
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.study_document import StudyNotes
from quantamm_cli.tuning.study_records import best_of
from quantamm_cli.tuning.trials import Trial, ended_early
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.inputs import inputs_of
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.study_files import StudyFiles
from quantamm_cli.workflows.study_plan import StudyPlan, plan
from quantamm_cli.workflows.study_reports import Job
from quantamm_cli.workflows.study_runner import Runner, StudyStopped
from quantamm_cli.workflows.study_verbs import notes_of
from quantamm_cli.workflows.tune import open_study


@dataclass(frozen=True)
class WorkerResult(Result):
    """What a worker did."""

    study: str
    ended: int
    """How many trials it ended."""
    stopped: str | None

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {"study": self.study, "ended": self.ended}
        return tree if self.stopped is None else tree | {"stopped": self.stopped}

    def tables(self) -> Sequence[Table | str]:
        why = "no trial is left" if self.stopped is None else self.stopped
        return [f"{self.study[:18]}…: ended {self.ended} trial{'s' * (self.ended != 1)}; {why}"]


def work(place: StudyPlace, label: str, monitor: Monitor) -> WorkerResult:
    """Run trials of a study until none is left; ``label`` names the worker in tables.

    Raises:
        StoreError: there is no such study, it cannot be written, or it differs from what its
            settings and this code give here.
        DataError: its data are missing here, or are others.
    """
    place = replace(place, runs=place.runs.resolve())
    notes, storage = notes_of(place)
    with suppress(OSError):
        os.chdir(str(notes["folder"]))
    composed = notes["composed"]
    search = Search(composed["tree"], tuple(composed["overrides"]), composed["config_dir"])
    settings = decode(StudySettings, notes["study"], "study")
    planned = replace(plan(search, settings, _Silent()), beside=place.beside)
    other_data = _check_same(planned, place, notes)
    atomic.make_folder(place.workers)
    study, stopped = open_study(planned, storage), None
    fresh = bool(notes["fresh"])
    job = Job(study, search, planned.settings, planned.goal, place, fresh, other_data)
    pick, names = notes.get("pick", "knee"), planned.goal.names
    document: dict[str, Json] = {
        "optuna": notes["optuna"],
        "data": notes["data"],
        "code": notes["code"],
    }
    files = StudyFiles(planned, composed["overrides"], monitor, document, pick)

    def ended(trial: Trial) -> None:
        monitor.note(ended_line(trial, names, best_of(study.trials, names, pick)))

    with (
        atomic.reporting_errors(place.workers, "written"),
        leases.lease(study.workers, label, time.time()) as lease,
    ):
        try:
            Runner(job, lease, monitor, ended=ended).run()
            stopped = ended_early(study.trials, planned.settings.patience)
        except StudyStopped as reason:
            stopped = str(reason)
        count = lease.state.ended
    with suppress(BusyError), place.held(False):  # whoever started the study writes its summary
        files.write(study)
    return WorkerResult(place.name, count, stopped)


def _check_same(planned: StudyPlan, place: StudyPlace, notes: StudyNotes) -> bool:
    """Raise an error if settings, data or code differ from the study's; returns whether the study
    is of other data than its plain name.
    """
    if planned.place.folder.resolve() != place.folder:
        raise StoreError(
            str(place.folder),
            f"its settings name another folder here, {planned.place.folder}: it was begun in "
            f"{notes['folder']}; work where it was begun",
        )
    compared: Any = {
        "settings": (notes["identity"], planned.identity),
        "code": (notes["code"], versions()),
    }
    for what, (stored, now) in compared.items():
        changed = changed_keys(stored, now)
        if changed:
            raise StoreError(
                str(place.folder),
                f"its {what} differ here: {'; '.join(changed)}; work where they are the same, or "
                "begin another study beside it: qsim tune … --fork",
            )
    base = planned.search.base
    here = inputs_of(base, load_market(base, last_date(base)))
    differences(of_document(notes["data"]), here).refuse(str(place.folder))
    return bool(place.beside)


class _Silent(Monitor):
    """Whoever started the study has seen its warnings."""

    def warn(self, text: str) -> None:
        pass
