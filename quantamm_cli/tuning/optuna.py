"""What is used of Optuna. Its progress bars are not, but importing them warns in a notebook that has no widgets."""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.storages.journal._file import BaseJournalFileLock
    from optuna.trial import FrozenTrial, TrialState

__all__ = ["BaseJournalFileLock", "FrozenTrial", "JournalFileBackend", "JournalStorage", "TrialState", "optuna"]
