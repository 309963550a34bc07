"""A receipt verified: its seeds are played again and must give the same results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.competition.documents import Receipt
from quantamm_cli.competition.receipts import differences, versions
from quantamm_cli.config.receipt import settings_of
from quantamm_cli.errors import StoreError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.json_tree import Json, JsonObject, finite
from quantamm_cli.store.receipts import read_receipt
from quantamm_cli.workflows.compete.competition import Competition
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax


@dataclass(frozen=True)
class Verified(Result):
    """The results are the same to the last bit. ``versions``: those that changed, old and new."""

    receipt: Path
    settings: Compete
    written: Receipt
    versions: dict[str, list[str | None]]
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Json]:
        return {
            "receipt": str(self.receipt),
            "fingerprint": self.written["fingerprint"],
            "seeds": finite(self.written["seeds"]),
            "same": True,
            "versions": self.versions,
            "seconds": self.seconds,
        }

    def tables(self) -> Sequence[Table | str]:
        count, steps = self.written["seeds"]["count"], self.settings.steps
        return [
            (
                f"the same: {', '.join(self.settings.names)} and the normaliser, {count} seeds of "
                f"{steps} steps, to the last bit"
            )
        ]


def verify(path: Path, places: JsonObject, monitor: Monitor) -> Verified:
    """Play the seeds of a receipt again and compare.

    ``places``: where files are now, ``data`` and ``runs_dir``.

    Raises:
        StoreError: a result differs; says which one.
    """
    watch, written = Watch(), read_receipt(path)
    settings = settings_of(written, path, places)
    start_jax()
    competition = Competition(settings, monitor)
    watch.lap("start")
    results = competition.play_unstored("verifying")
    watch.lap("play")
    different = differences(written["edges"], results)
    current = versions()
    changed = {}
    for name, was in written["versions"].items():
        if current.get(name) != was:
            changed[name] = [was, current.get(name)]
    changes = [f"{name} was {was}, is {now}" for name, (was, now) in changed.items()]
    if different:
        cause = "; ".join(changes) or "versions and device are the same"
        raise StoreError(str(path), f"is not the same: {' | '.join(different)}; {cause}")
    for change in changes:
        monitor.note(change)
    return Verified(path, settings, written, changed, watch.seconds)
