"""The one writer of a run: reads an existing run, repairs it after a crash, and saves durably.

A save appends to the history, then replaces the state, then the checkpoint, each durable before the
next begins. So the history is never behind the state, nor the state behind the checkpoint. On
opening, the history after the state is cut, and the entries after the checkpoint are read from it.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

import numpy as np

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.advice import start_over
from quantamm_cli.store.checkpoint import STATUSES, Run, read_checkpoint, write_checkpoint
from quantamm_cli.store.encode import finite
from quantamm_cli.store.folders import set_aside
from quantamm_cli.store.history import History
from quantamm_cli.store.inputs import Inputs, differences
from quantamm_cli.store.lock import RunLock
from quantamm_cli.store.record import Entry, Records
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.state import read_state, step_of, write_state

Status = Literal["new", "resumed", "finished"]


class Writer:
    """Holds the lock of a run until it is closed (a context manager). ``Store.open`` makes it. Any
    thread may save, but no signal handler.

    ``status``: that of the run on opening. ``run``: the checkpoint, with the entries that the
    history has after it. ``state``: the arrays saved with the last step; None for a new run, and
    for a finished one whose state is lost.
    """

    def __init__(
        self, place: Place, settings: JsonObject, *, data: Inputs | None, fresh: bool, wait: float
    ) -> None:
        self.place = place
        self.status: Status = "new"
        self.run: Run | None = None
        self.state: dict[str, np.ndarray] | None = None
        self.data = data
        self._settings = json.loads(canonical(settings))
        self._busy = threading.RLock()
        self._open = True
        self._records = Records()
        self._history = History(place.history, place.fingerprint)
        self._lock = RunLock(place.lock)
        self._lock.acquire(wait)
        try:
            self._find(fresh)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The checkpoint."""
        return self.place.checkpoint

    @property
    def folder(self) -> Path:
        """The folder of the run's other files; the first save creates it."""
        return self.place.folder

    @property
    def step(self) -> int | None:
        """The last step saved; None for a new run, and for one that was finished on opening."""
        return self._history.step

    def close(self) -> None:
        """Releases the lock. A second call does nothing."""
        with self._busy:
            self._open = False
            self._lock.release()

    def save(
        self,
        entries_since_last: Iterable[Entry],
        checkpoint_entries: Iterable[Entry],
        state: Mapping[str, np.ndarray],
        status: str,
        provenance: JsonObject,
    ) -> None:
        """Saves the run after ``state["step"]`` steps, durably.

        ``entries_since_last`` go to the history, which skips those it has, so that a failed save
        may be repeated; ``checkpoint_entries`` go to the checkpoint. The last of both is the entry
        of ``state["step"]``. Entries must not change afterwards.

        Raises:
            StoreError: the disk refuses; the files are then those of the save before, or of this.
            ValueError: a step that does not fit.
        """
        step = step_of(state)
        origin = dict(provenance)
        if self.data is not None:
            origin = {**self.data.stored(), **origin}
        with self._busy:
            since = self._records.of(entries_since_last)
            by_step = {record.step: record for record in self._records.of(checkpoint_entries)}
            records = [by_step[at] for at in sorted(by_step)]
            if status not in STATUSES or step is None or not records or records[-1].step != step:
                raise ValueError(
                    f"a save needs a status of {STATUSES}, and entries and state of one last "
                    f"step; got {status}, {step}"
                )
            if not self._open or self.status == "finished":
                raise ValueError("the run is closed, or was finished on opening")
            atomic.make_folder(self.folder)
            self._history.append(since)
            if self._history.step != step:
                raise ValueError(
                    f"the history ends at step {self._history.step}, the state is of step {step}"
                )
            write_state(self.place.state, self.place.fingerprint, state)
            write_checkpoint(self.place, self._settings, status, records, finite(origin))
            self._records.retain(records)

    def _find(self, fresh: bool) -> None:
        place = self.place
        atomic.sweep(place.runs, (place.checkpoint.name,))
        atomic.sweep(place.folder, (place.state.name,))
        history = place.history.exists() and place.history.stat().st_size > 0
        # A history without its checkpoint cannot be resumed.
        orphaned = (history or place.state.exists()) and not place.checkpoint.exists()
        if fresh or orphaned:
            # The checkpoint first: the next opening sets aside a folder without one.
            set_aside(place.checkpoint, place.folder)
        if not place.checkpoint.exists():
            return
        run = read_checkpoint(place.checkpoint)
        self._same_data(run)
        if run.status == "finished":
            self.status, self.run = "finished", run
            with suppress(StoreError):  # the checkpoint is enough to reuse a finished run
                self.state = self._state(run)
            return
        self.status, self.state = "resumed", self._state(run)
        lines = self._history.rewind(int(self.state["step"]))
        unseen = tuple(line.entry for line in lines if line.step > run.step)
        self.run = replace(run, entries=run.entries + unseen)

    def _same_data(self, run: Run) -> None:
        if self.data is not None:
            apart = differences(run.provenance, self.data)
            apart.refuse(str(run.path), (start_over(),))

    def _state(self, run: Run) -> dict[str, np.ndarray]:
        if not self.place.state.exists():
            raise StoreError(
                str(self.place.state), f"is missing, so the run cannot resume; {start_over()}"
            )
        state = read_state(self.place.state, run.fingerprint)
        step = step_of(state)
        if step is None or step < run.step:
            message = f"is of step {step}, the checkpoint of step {run.step}; {start_over()}"
            raise StoreError(str(self.place.state), message)
        return state
