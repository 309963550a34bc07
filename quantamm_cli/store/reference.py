"""Reads files of quantammsim: a fingerprint (the settings of a run) is a JSON object; a result is
JSON within JSON, a list of a fingerprint and one entry a step, with NaN as a bare word.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store import atomic

_ADVICE = "name a file that quantammsim wrote (results/run_….json)"
_MARKS = ("rule", "startDateString", "optimisation_settings", "return_val", "chunk_period")
"""Settings by which a fingerprint is known."""


@dataclass(frozen=True)
class Result:
    """The settings of a file, the entries that were not superseded, and how many were."""

    path: Path
    sha256: str
    settings: JsonObject
    entries: tuple[JsonObject, ...]
    steps: tuple[int, ...]
    """Of the entries."""
    superseded: int


def read_result(path: str | Path) -> Result:
    """The content of a result file.

    Raises StoreError if the file is missing, cut, or of another kind.
    """
    place = Path(path)
    with atomic.reporting_errors(place, "read"):
        data = place.read_bytes()
    parts = _parts(place, data)
    settings, entries = parts[0], parts[1:]
    valid: dict[int, JsonObject] = {}
    for index, entry in enumerate(entries):
        step = _step(entry, index)
        # A later start or resume appended it and supersedes the entries from its step on.
        while valid and next(reversed(valid)) >= step:
            valid.popitem()
        valid[step] = {**entry, "step": step}
    digest, superseded = hashlib.sha256(data).hexdigest(), len(entries) - len(valid)
    return Result(place, digest, settings, tuple(valid.values()), tuple(valid), superseded)


def read_fingerprint(path: str | Path) -> dict[str, Json]:
    """The settings in a file: a fingerprint, which may be partial, or that of a result.

    Raises StoreError if the file is missing, cut, or has no setting of quantammsim.
    """
    place = Path(path)
    with atomic.reporting_errors(place, "read"):
        data = place.read_bytes()
    tree = _tree(place, data, "name a JSON file of a fingerprint")
    first = tree[0] if isinstance(tree, list) and tree else tree
    if not is_fingerprint(first):
        raise StoreError(
            str(path), f"has no setting of quantammsim; expected some of {', '.join(_MARKS)}"
        )
    return dict(first)


def is_fingerprint(tree: object) -> bool:
    """Whether a tree has settings by names of quantammsim."""
    return isinstance(tree, dict) and any(name in tree for name in _MARKS)


def _parts(path: Path, data: bytes) -> list[JsonObject]:
    """The list in a file, encoded twice, as quantammsim does, or once."""
    tree = _tree(path, data, _ADVICE)
    first = tree[0] if isinstance(tree, list) and len(tree) == 1 else tree
    if is_fingerprint(first):
        raise StoreError(
            str(path),
            "is a fingerprint without results: no run; make a file of settings of it: "
            f"qsim config import {path} > mine.yaml",
        )
    if not isinstance(tree, list) or not tree or not all(isinstance(part, dict) for part in tree):
        raise StoreError(str(path), f"is JSON but not a list of settings and entries; {_ADVICE}")
    if "tokens" not in tree[0] or "rule" not in tree[0]:
        raise StoreError(
            str(path),
            f"its first part has no tokens or no rule: not settings of quantammsim; {_ADVICE}",
        )
    return tree


def _tree(path: Path, data: bytes, advice: str) -> Any:
    """JSON, also within a JSON string."""
    try:
        tree: Any = json.loads(data.decode("utf-8"))
        return json.loads(tree) if isinstance(tree, str) else tree
    except json.JSONDecodeError as error:
        raise StoreError(
            str(path),
            f"was cut or altered (broken in line {error.lineno}, column {error.colno}); {advice}",
        ) from None
    except (ValueError, RecursionError) as error:
        raise StoreError(str(path), f"is not JSON ({type(error).__name__}); {advice}") from None


def _step(entry: JsonObject, index: int) -> int:
    """The step of an entry: its number, that of its trial, or its index."""
    step = entry.get("step", entry.get("optuna_trial_number", index))
    if isinstance(step, int | float) and not math.isnan(step):
        return int(step)
    return index
