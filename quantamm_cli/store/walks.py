"""Where what came of a walk-forward is kept, beside the runs of its cycles."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store import atomic
from quantamm_cli.store.studies import write_if_changed
from quantamm_cli.store.trajectory import read_arrays, write_arrays

_NAME = re.compile(r"walk_[0-9a-f]{6,64}", re.IGNORECASE)


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


@dataclass(frozen=True)
class Walk:
    """A walk-forward as it was written: the result, and daily returns with ``unix``, the midnight in ms that each day begins at."""

    name: str
    result: dict[str, Any]
    daily: dict[str, np.ndarray]

    @property
    def settings(self) -> dict[str, Any]:
        """What names it."""
        found: dict[str, Any] = self.result["settings"]
        return found


def is_walk(name: str) -> bool:
    """Whether a name is that of a walk-forward, or 6 or more digits of one."""
    return _NAME.fullmatch(name) is not None


def load_walk(runs: str | Path, name: str) -> Walk:
    """The walk-forward whose name begins so, with the usual selection. Raises StoreError if there is none, several, or a damaged one."""
    root = Path(runs)
    with atomic.telling(root, "read"):
        places = sorted(path for path in root.iterdir() if path.name.startswith(name.lower()) and path.is_dir()) if root.exists() else []
    if len(places) != 1:
        said = f"{len(places)} walk-forwards begin" if places else "no walk-forward begins"
        raise StoreError(str(root), f"{said} with {name}{'; give more digits' if places else ''}")
    place = WalkPlace(root, places[0].name.removeprefix("walk_"))
    with atomic.telling(place.result, "read"):
        text = place.result.read_bytes()
    try:
        result = json.loads(text)
        if result["fingerprint"] != place.fingerprint or sha256(result["settings"]) != place.fingerprint:
            raise ValueError("its settings do not fit its name")
    except (ValueError, KeyError, TypeError, RecursionError) as failure:
        told = f"was cut or altered ({str(failure)[:80]}); qsim train split=walk_forward with the same words writes it again"
        raise StoreError(str(place.result), told) from failure
    return Walk(place.name, result, read_arrays(place.daily))
