"""Where what came of a walk-forward is kept, beside the runs of its cycles."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantamm_cli.store import atomic
from quantamm_cli.store.studies import write_if_changed
from quantamm_cli.store.trajectory import write_arrays


@dataclass(frozen=True)
class WalkPlace:
    """The files of one walk-forward in a runs folder. ``chosen`` tells those of another selection rule than the usual one apart."""

    runs: Path
    fingerprint: str
    chosen: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"walk_{self.fingerprint}"

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.runs / self.name

    @property
    def result(self) -> Path:
        """Cycles, aggregate and verdict."""
        return self.folder / f"result{self.chosen}.json"

    @property
    def daily(self) -> Path:
        """Out-of-sample daily returns."""
        return self.folder / f"daily{self.chosen}.npz"

    def write(self, result: Mapping[str, Any], daily: Mapping[str, Any]) -> None:
        """Both files, each whole or not at all; the arrays first. Raises StoreError."""
        write_arrays(self.daily, **daily)
        atomic.sweep(self.folder)
        write_if_changed(self.result, json.dumps(result, indent=2, allow_nan=False) + "\n")
