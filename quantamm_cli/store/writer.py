"""The one writer of a run: finds what is there, repairs what a crash left,
saves so that nothing reported saved is lost.

A save appends to the history, then replaces the state, then the checkpoint, each durable before the
next begins. So the history is never behind the state, nor the state behind the checkpoint; what is
ahead is cut or taken up on opening.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

import numpy as np

from quantamm_cli.errors import DataError, StoreError
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.checkpoint import STATUSES, Run, read_checkpoint, write_checkpoint
from quantamm_cli.store.cures import start_over
from quantamm_cli.store.encode import finite
from quantamm_cli.store.folders import set_aside
from quantamm_cli.store.history import History
from quantamm_cli.store.lock import RunLock
from quantamm_cli.store.record import Entry, Records
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.state import read_state, step_of, write_state

Status = Literal["new", "resumed", "finished"]


class Writer:
    """Holds the lock of a run until it is closed (a context manager). Made by ``Store.open``; any
    thread may save, no signal handler.

    ``status``: what was found. ``run``: the checkpoint that was there, its entries followed by
    those of the history it had not seen yet when a crash came. ``state``: the arrays saved with the
    last step; None for a new run, and for a finished one that has lost them.
    """

    def __init__(
        self, place: Place, settings: JsonObject, *, data: str | None, fresh: bool, wait: float
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
        """For what belongs to the run; there from the first save on."""
        return self.place.folder

    @property
    def step(self) -> int | None:
        """The last step saved; None for a new run, and for one that was
        finished when it was opened.
        """
        return self._history.step

    def close(self) -> None:
        """Gives the lock back. Twice does no harm."""
        with self._busy:
            self._open = False
            self._lock.release()

    def save(
        self,
        entries_since_last: Iterable[Entry],
        kept: Iterable[Entry],
        state: Mapping[str, np.ndarray],
        status: str,
        provenance: JsonObject,
    ) -> None:
        """Saves the run as it stands after ``state["step"]`` steps;
        when it returns, it is on the disk.

        ``entries_since_last`` go to the history (those already there are skipped, so a failed save
        may be repeated), ``kept`` to the checkpoint. The last of both is the entry of
        ``state["step"]``. Raises StoreError if the disk refuses: the files are then those of the
        save before, or of this one. Raises ValueError for a step that does not fit. An entry is not
        to be changed once it was given.
        """
        step = step_of(state)
        origin = finite(({"data": self.data} if self.data else {}) | dict(provenance))
        with self._busy:
            since, unsorted = self._records.of(entries_since_last), self._records.of(kept)
            keep = [
                record for _, record in sorted({record.step: record for record in unsorted}.items())
            ]
            if status not in STATUSES or step is None or not keep or keep[-1].step != step:
                raise ValueError(
                    f"a save has a status of {STATUSES} and its parts end at one step; "
                    f"got {status}, {step}"
                )
            if not self._open or self.status == "finished":
                raise ValueError("the run was closed, or was finished when it was opened")
            atomic.make_folder(self.folder)
            self._history.append(since)
            if self._history.step != step:
                raise ValueError(
                    f"the history ends at step {self._history.step}, the state "
                    f"stands for step {step}"
                )
            write_state(self.place.state, self.place.fingerprint, state)
            write_checkpoint(self.place, self._settings, status, keep, origin)
            self._records.forget_but(keep)

    def _find(self, fresh: bool) -> None:
        place = self.place
        atomic.sweep(place.runs, (place.checkpoint.name,))
        atomic.sweep(place.folder, (place.state.name,))
        left = place.state.exists() or (place.history.exists() and place.history.stat().st_size > 0)
        if fresh or (
            left and not place.checkpoint.exists()
        ):  # without its checkpoint a history proves nothing, but it is kept
            set_aside(
                place.checkpoint, place.folder
            )  # the checkpoint first: a folder without it is set aside by the next opening anyway
        if not place.checkpoint.exists():
            return
        run = read_checkpoint(place.checkpoint)
        self._same_data(run)
        if run.status == "finished":
            self.status, self.run = "finished", run
            with suppress(StoreError):  # to reuse a finished run its checkpoint is enough
                self.state = self._state(run)
            return
        self.status, self.state = "resumed", self._state(run)
        lines = self._history.rewind(int(self.state["step"]))
        unseen = tuple(line.entry for line in lines if line.step > run.step)
        self.run = replace(run, entries=run.entries + unseen)

    def _same_data(self, run: Run) -> None:
        stored = run.provenance.get("data")
        if self.data and stored and stored != self.data:
            told = f"was made from other data (sha256 {stored}) than there is now ({self.data})"
            raise DataError(str(run.path), f"{told}; bring the data back, or {start_over()}")

    def _state(self, run: Run) -> dict[str, np.ndarray]:
        if not self.place.state.exists():
            raise StoreError(
                str(self.place.state), f"is missing, the run cannot go on; {start_over()}"
            )
        state = read_state(self.place.state, run.fingerprint)
        step = step_of(state)
        if step is None or step < run.step:
            message = f"stands for step {step}, the checkpoint for step {run.step}; {start_over()}"
            raise StoreError(str(self.place.state), message)
        return state
