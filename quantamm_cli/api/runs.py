"""Stored runs by name."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantamm_cli.settings.json_tree import JsonObject, finite
from quantamm_cli.store.runs import Run, Store

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class StoredRun:
    """A run as it is on the disk."""

    run: Run

    @property
    def name(self) -> str:
        """``run_<sha256>``."""
        return self.run.name

    @property
    def status(self) -> str:
        """``running``, ``stopped`` or ``finished``."""
        return self.run.status

    @property
    def settings(self) -> JsonObject:
        """The plain tree that names it."""
        return self.run.settings

    @property
    def history(self) -> "polars.DataFrame":
        """One row a step and parameter set: ``step``, ``set``, ``objective``, ``learning_rate``, and ``period.metric`` of each metric."""
        import polars

        rows = []
        for entry in self.run.history():
            for one, objective in enumerate(entry["objective"]):
                scores = {f"{period}.{name}": column[one] for period, table in entry["metrics"].items() for name, column in table.items()}
                head = {"step": entry["step"], "set": one, "objective": objective, "learning_rate": entry["learning_rate"]}
                rows.append(finite(head | scores))
        return polars.DataFrame(rows, infer_schema_length=None)


def load(name: str, runs_dir: str = "runs") -> StoredRun:
    """The run that 6 or more digits of its name, its name or its path say.

    Raises:
        StoreError: there is none, there are several, or its checkpoint is damaged.
    """
    return StoredRun(Store(runs_dir).load(name))
