"""What is used of Optuna.

Its progress bars are not, but importing them warns in a notebook that has no widgets.
"""

import importlib
import warnings
from threading import Thread

# Optuna keeps the tracebacks of optional imports that fail, and with them whatever those who
# imported it hold: a thread holds nothing.
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
]
