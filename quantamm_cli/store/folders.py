"""A folder of results in a runs folder, and who may write it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from quantamm_cli.store import atomic
from quantamm_cli.store.lock import RunLock


@contextmanager
def held(folder: Path, what: str, own: Sequence[str], fresh: bool) -> Iterator[None]:
    """The folder of ``what`` (a study, a competition), made if need be and locked; only the lock's holder writes the files ``own``.

    ``fresh``: what was there is kept beside, dated. Raises BusyError, StoreError.
    """
    atomic.make_folder(folder.parent)
    lock = RunLock(folder.parent / f"{folder.name}.lock", what)
    lock.acquire(0.0)
    try:
        if fresh:
            set_aside(folder)
        atomic.make_folder(folder)
        atomic.sweep(folder, tuple(own))
        yield
    finally:
        lock.release()


def set_aside(*paths: Path) -> None:
    """Renames what there is of these to names with one date, in this order; no listing takes them for what they were. Raises StoreError."""
    stamp, count = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 0
    while any(os.path.lexists(f"{path}.{stamp}") for path in paths):
        count += 1
        stamp = f"{stamp.split('-')[0]}-{count}"
    for path in paths:
        with atomic.telling(path, "set aside"):
            if os.path.lexists(path):
                os.rename(path, f"{path}.{stamp}")
                atomic.sync_folder(path.parent)
