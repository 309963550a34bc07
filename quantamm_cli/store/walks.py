"""The files of a walk-forward, beside the runs of its cycles."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.errors import StoreError, argument
from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import Older, older
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import read_object, with_digest
from quantamm_cli.store.result_folder import ResultFolder, write_if_changed
from quantamm_cli.store.trajectory import read_arrays, write_arrays

_ADVICE = "run qsim train split=walk_forward with the same settings to write it again"


@dataclass(frozen=True)
class WalkPlace(ResultFolder):
    """The files of one walk-forward in a runs folder. ``chosen`` is the suffix of the files of a
    selection rule other than the usual one.
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
        """Writes both files, each atomically, the arrays first. Raises StoreError."""
        write_arrays(self.daily, **daily)
        atomic.sweep(self.folder)
        write_if_changed(
            self.result, json.dumps(with_digest(result), indent=2, allow_nan=False) + "\n"
        )

    def choices(self) -> list["WalkPlace"]:
        """The walk-forward for every selection rule that has a result, the usual one first."""
        suffixes = [path.stem.removeprefix("result") for path in self.folder.glob("result*.json")]
        return [replace(self, chosen=suffix) for suffix in sorted(suffixes)]


@dataclass(frozen=True)
class Walk:
    """A stored walk-forward: the result, and daily returns with ``unix``, the midnight in ms at
    which each day begins.
    """

    name: str
    result: WalkDocument
    daily: dict[str, np.ndarray]

    @property
    def settings(self) -> JsonObject:
        """The settings of its fingerprint."""
        return self.result["settings"]

    @property
    def older(self) -> tuple[Older, ...]:
        """The definitions that have changed since it was made."""
        metrics: set[str] = set()
        metrics.update(*self.result["aggregate"]["metrics"].values())
        return older(self.settings, "train", sorted(metrics), self.result.get("meanings"))


def read_walk(place: WalkPlace) -> Walk:
    """The stored walk-forward. Raises StoreError if it is missing or damaged."""
    choices = place.choices()
    if place not in choices:
        usual = f"the usual choice, without {argument('load')}"
        known = [argument("load", each.chosen[1:]) if each.chosen else usual for each in choices]
        others = ""
        if known:
            others = f" (there is: {', '.join(known)})"
        raise StoreError(str(place.folder), f"has no {place.result.name}{others}; {_ADVICE}")
    result: Any = read_object(place.result, _ADVICE)
    try:
        if (
            result["fingerprint"] != place.fingerprint
            or sha256(result["settings"]) != place.fingerprint
        ):
            raise ValueError("its settings do not fit its fingerprint")
        result["cycles"], result["aggregate"]["metric"], result["verdict"]["finding"]
    except (ValueError, KeyError, TypeError) as failure:
        message = f"was cut or altered ({str(failure)[:80]}); {_ADVICE}"
        raise StoreError(str(place.result), message) from failure
    daily = read_arrays(place.daily)
    if not {"unix", "cycle", "pool"} <= daily.keys():
        raise StoreError(str(place.daily), f"was cut or altered (it has no days); {_ADVICE}")
    return Walk(place.name, result, daily)
