"""Stored results: one by name, all as a frame."""

from typing import TYPE_CHECKING

from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.stored_runs import StoredRun, list_results

if TYPE_CHECKING:
    import polars


def load(name: str, runs_dir: str = "runs") -> StoredRun:
    """The run that 6 or more digits of its name, its name or its path say.

    Raises:
        StoreError: there is none, there are several, or its checkpoint is damaged.
    """
    return StoredRun(Store(runs_dir).load(name))


def runs(*, runs_dir: str = "runs") -> "polars.DataFrame":
    """All that is stored in a folder, the last modified first: a row a run,
    walk-forward, competition and study.

    Columns: ``name`` (digits that ``load`` takes), ``kind``, ``status``, ``what``, ``tokens``,
    ``size``, ``metric``, ``best``, ``modified`` (UTC).
    """
    return list_results(runs_dir).frame()
