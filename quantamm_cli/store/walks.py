"""Where what came of a walk-forward is kept, beside the runs of its cycles."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.errors import StoreError, argument
from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import Older, older
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import proven, read_object
from quantamm_cli.store.result_folder import ResultFolder, write_if_changed
from quantamm_cli.store.trajectory import read_arrays, write_arrays

_CURE = "qsim train split=walk_forward with the same words writes it again"


@dataclass(frozen=True)
class WalkPlace(ResultFolder):
    """The files of one walk-forward in a runs folder. ``chosen`` tells those of another selection
    rule than the usual one apart.
    """

    chosen: str = ""

    prefix = "walk"
    noun = "walk-forward"

    @property
    def result(self) -> Path:
        """Cycles, aggregate and verdict."""
        return self.folder / f"result{self.chosen}.json"

    @property
    def daily(self) -> Path:
        """Out-of-sample daily returns."""
        return self.folder / f"daily{self.chosen}.npz"

    def write(self, result: JsonObject, daily: Mapping[str, np.ndarray]) -> None:
        """Both files, each whole or not at all; the arrays first. Raises StoreError."""
        write_arrays(self.daily, **daily)
        atomic.sweep(self.folder)
        write_if_changed(self.result, json.dumps(proven(result), indent=2, allow_nan=False) + "\n")

    def choices(self) -> list["WalkPlace"]:
        """The same walk-forward by every selection rule of which there is a
        result, the usual one first.
        """
        found = [path.stem.removeprefix("result") for path in self.folder.glob("result*.json")]
        return [WalkPlace(self.runs, self.fingerprint, chosen) for chosen in sorted(found)]


@dataclass(frozen=True)
class Walk:
    """A walk-forward as it was written: the result, and daily returns with ``unix``, the midnight
    in ms that each day begins at.
    """

    name: str
    result: WalkDocument
    daily: dict[str, np.ndarray]

    @property
    def settings(self) -> JsonObject:
        """What names it."""
        return self.result["settings"]

    @property
    def older(self) -> tuple[Older, ...]:
        """What it was made by and has changed since."""
        metrics = {
            name for scores in self.result["aggregate"]["metrics"].values() for name in scores
        }
        return older(self.settings, "train", sorted(metrics), self.result.get("meanings"))


def read_walk(place: WalkPlace) -> Walk:
    """What was written there. Raises StoreError if it is not there, or damaged."""
    there = place.choices()
    if place not in there:
        usual = f"the usual choice, without {argument('load')}"
        known = ", ".join(
            argument("load", each.chosen[1:]) if each.chosen else usual for each in there
        )
        raise StoreError(
            str(place.folder),
            f"has no {place.result.name}{f' (there is: {known})' * bool(there)}; {_CURE}",
        )
    result: Any = read_object(place.result, _CURE)
    try:
        if (
            result["fingerprint"] != place.fingerprint
            or sha256(result["settings"]) != place.fingerprint
        ):
            raise ValueError("its settings do not fit its name")
        result["cycles"], result["aggregate"]["metric"], result["verdict"]["finding"]
    except (ValueError, KeyError, TypeError) as failure:
        raise StoreError(
            str(place.result), f"was cut or altered ({str(failure)[:80]}); {_CURE}"
        ) from failure
    daily = read_arrays(place.daily)
    if not {"unix", "cycle", "pool"} <= daily.keys():
        raise StoreError(str(place.daily), f"was cut or altered (no days in it); {_CURE}")
    return Walk(place.name, result, daily)
