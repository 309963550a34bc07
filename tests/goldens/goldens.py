"""The golden files: where they are, how they are read, and how one tree differs from another."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FINGERPRINTS = HERE / "fingerprints.json"
IDENTITIES = HERE / "identities.json"
DEFAULTS = HERE / "defaults.json"
JSON_KEYS = HERE / "json_keys.json"
EXPECTED = HERE / "stored" / "expected.json"
INTENDED = "If it is intended, run `make goldens` and list it in CHANGELOG."

Flat = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """A golden file."""
    tree: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return tree


def text(tree: Mapping[str, Any]) -> str:
    """A golden file's text: sorted, a line a leaf, so that a small change is a small difference."""
    return json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def flat(tree: Any, place: str = "") -> Flat:
    """The leaves of a tree by their dotted place; items of a list that holds objects are numbered.

    An empty object and a list of plain values are leaves, too.
    """
    leaves: Flat = {}
    for key, value in _items(tree):
        here = f"{place}{key}" if key.startswith("[") or not place else f"{place}.{key}"
        leaves |= flat(value, here) if _branches(value) else {here: value}
    return leaves


def _branches(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and bool(value)


def _items(tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        yield from tree.items()
    else:
        yield from ((f"[{number}]", item) for number, item in enumerate(tree))


def unlike(one: Any, other: Any) -> bool:
    """Whether two leaves differ; 1 and 1.0 do, as their JSON does."""
    return type(one) is not type(other) or one != other


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """In words, the keys in which two flat trees differ, with both values."""
    lines = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            lines.append(f"{key} is gone (it was {json.dumps(old[key])})")
        elif key not in old:
            lines.append(f"{key} is new ({json.dumps(new[key])})")
        elif unlike(old[key], new[key]):
            lines.append(f"{key} was {json.dumps(old[key])}, is {json.dumps(new[key])}")
    return lines
