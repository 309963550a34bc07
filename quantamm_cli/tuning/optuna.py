"""The parts of Optuna that are used, imported without warnings.

Its progress bars are not used, but importing them warns in a notebook without widgets.
"""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

# Optuna stores the tracebacks of optional imports that fail, which keeps the frames of its importer
# alive: the frames of this thread hold nothing.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")
    first = Thread(target=importlib.import_module, args=("optuna",))
    first.start()
    first.join()
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.storages.journal._file import BaseJournalFileLock
    from optuna.trial import FrozenTrial, TrialState

__all__ = [
    "BaseJournalFileLock",
    "FrozenTrial",
    "JournalFileBackend",
    "JournalStorage",
    "TrialState",
    "optuna",
    "quietly",
]


@contextmanager
def quietly() -> Iterator[None]:
    """Without Optuna's warnings that a part of it is experimental; the lock pins its version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
