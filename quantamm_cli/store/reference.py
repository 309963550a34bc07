"""Result files of quantammsim: JSON within JSON, a list of the settings and one entry
a step, NaN as bare words.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic

_CURE = "name a file that quantammsim wrote (results/run_….json)"


@dataclass(frozen=True)
class Result:
    """A file as it is: its settings, the entries that were not superseded, and how many were."""

    path: Path
    sha256: str
    settings: JsonObject
    entries: tuple[JsonObject, ...]
    steps: tuple[int, ...]
    """Of the entries."""
    superseded: int


def read_result(path: str | Path) -> Result:
    """The content of a result file.

    Raises StoreError for one that is missing, cut, or something else.
    """
    place = Path(path)
    with atomic.telling(place, "read"):
        data = place.read_bytes()
    parts = _parts(place, data)
    settings, entries = parts[0], parts[1:]
    kept: list[tuple[int, JsonObject]] = []
    for index, entry in enumerate(entries):
        step = _step(entry, index)
        # Appended by a later start or resume: it took the place of what had
        # been done from that step on.
        while kept and kept[-1][0] >= step:
            kept.pop()
        kept.append((step, {**entry, "step": step}))
    digest, superseded = hashlib.sha256(data).hexdigest(), len(entries) - len(kept)
    return Result(
        place,
        digest,
        settings,
        tuple(entry for _, entry in kept),
        tuple(step for step, _ in kept),
        superseded,
    )


def _parts(path: Path, data: bytes) -> list[JsonObject]:
    """The list, whether it was encoded twice, as there, or once."""
    try:
        tree: Any = json.loads(data.decode("utf-8"))
        if isinstance(tree, str):
            tree = json.loads(tree)
    except json.JSONDecodeError as error:
        raise StoreError(
            str(path),
            f"was cut or altered (broken in line {error.lineno}, column {error.colno}); {_CURE}",
        ) from None
    except (ValueError, RecursionError) as error:
        raise StoreError(str(path), f"is not JSON ({type(error).__name__}); {_CURE}") from None
    if not isinstance(tree, list) or not tree or not all(isinstance(part, dict) for part in tree):
        raise StoreError(str(path), f"is JSON but not a list of settings and entries; {_CURE}")
    if "tokens" not in tree[0] or "rule" not in tree[0]:
        raise StoreError(
            str(path),
            f"its first part has no tokens and no rule: not settings of quantammsim; {_CURE}",
        )
    if len(tree) < 2:
        raise StoreError(str(path), "holds settings but no step")
    return tree


def _step(entry: JsonObject, index: int) -> int:
    """The step of an entry: a trial of a search says its number,
    and its arrays lack the axis of sets.
    """
    step = entry.get("step", entry.get("optuna_trial_number", index))
    return int(step) if isinstance(step, int | float) and step == step else index
