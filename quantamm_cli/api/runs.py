"""Stored results: one run by name, all results as a frame, or one run again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quantamm_cli.config.stored_settings import merged
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store.origin import Origin
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.reproduce import Reproduction
from quantamm_cli.workflows.reproduce import reproduce as reproduction
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.stored_runs import StoredRun, list_results

if TYPE_CHECKING:
    import polars


def load(name: str, runs_dir: str = "runs") -> StoredRun:
    """The stored run of a name, of 6 or more digits of it, or of a path.

    Raises:
        StoreError: no run or several runs match, or the checkpoint is damaged.
    """
    return StoredRun(Store(runs_dir).load(name))


def reproduce(
    name: str,
    *,
    runs_dir: str = "runs",
    load: str | None = None,
    minimum: float = 0.0,
    plugins: Sequence[str] = (),
    monitor: Monitor | None = None,
) -> Reproduction:
    """Run a stored training, simulation, walk-forward or study again, in a folder of its own, and
    compare it to the last bit: ``.same``, and ``.parts`` with the first and largest difference, and
    what is different.

    Args:
        name: digits of its name, or a path.
        load: of a walk-forward, the selection rule whose stored result is meant.
        plugins: files of components that it needs.

    Raises:
        StoreError: there is no such result, or it is damaged.
        DataError: its data are not there any more.
    """

    def read(stored: Origin) -> JsonObject:
        return merged(stored, {"runs_dir": runs_dir, "plugins": list(plugins)}, ())

    held = Store(runs_dir).named(name)
    return reproduction(held, read, Selection(load, minimum), monitor)


def runs(*, runs_dir: str = "runs") -> "polars.DataFrame":
    """All results in a folder, the last modified first: one row for each run, walk-forward,
    competition and study.

    Columns: ``name`` (digits that ``load`` takes), ``kind``, ``status``, ``what``, ``tokens``,
    ``size``, ``metric``, ``best``, ``modified`` (UTC).
    """
    return list_results(runs_dir).frame()
