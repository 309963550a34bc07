"""A receipt run again: whether every seed of every entrant comes out the same."""

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
    """The same to the last bit; ``versions`` that changed since, each from and to."""

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
    """Play a receipt's seeds again.

    ``places``: settings that say where files are now, ``data`` and ``runs_dir``.

    Raises:
        StoreError: anything differs; what and where.
    """
    watch, written = Watch(), read_receipt(path)
    settings = settings_of(written, path, places)
    start_jax()
    competition = Competition(settings, monitor)
    watch.lap("start")
    found = competition.afresh("verifying")
    watch.lap("play")
    apart = differences(written["edges"], found)
    changed = {
        name: [was, versions().get(name)]
        for name, was in written["versions"].items()
        if versions().get(name) != was
    }
    if apart:
        cause = "".join(f"; {name} was {was}, is {now}" for name, (was, now) in changed.items())
        raise StoreError(
            str(path),
            f"not the same: {' | '.join(apart)}{cause or '; versions and device are the same'}",
        )
    for name, (was, now) in changed.items():
        monitor.note(f"{name} was {was}, is {now}")
    return Verified(path, settings, written, changed, watch.seconds)
