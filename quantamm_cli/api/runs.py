"""Stored results: one run by name, or all results as a frame."""

from typing import TYPE_CHECKING

from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.stored_runs import StoredRun, list_results

if TYPE_CHECKING:
    import polars


def load(name: str, runs_dir: str = "runs") -> StoredRun:
    """The stored run of a name, of 6 or more digits of it, or of a path.

    Raises:
        StoreError: no run or several runs match, or the checkpoint is damaged.
    """
    return StoredRun(Store(runs_dir).load(name))


def runs(*, runs_dir: str = "runs") -> "polars.DataFrame":
    """All results in a folder, the last modified first: one row for each run, walk-forward,
    competition and study.

    Columns: ``name`` (digits that ``load`` takes), ``kind``, ``status``, ``what``, ``tokens``,
    ``size``, ``metric``, ``best``, ``modified`` (UTC).
    """
    return list_results(runs_dir).frame()
