"""What a runs folder holds, by name: runs, walk-forwards, competitions and studies."""

import re
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store import atomic

KINDS = {"run": "run", "walk": "walk-forward", "compete": "competition", "study": "study"}
"""What each is called, by what its name begins with."""
ASKED = re.compile(r"(?:(run|walk|compete|study)_)?([0-9a-f]{6,64})(?:\.json)?", re.IGNORECASE)
"""A name, or 6 or more digits of its fingerprint, with or without the kind."""
_HELD = re.compile(r"(run|walk|compete|study)_([0-9a-f]{64})")
NAME_DIGITS = 12
"""Digits of a fingerprint that tell it from others wherever one is shown."""
_SHOWN = 4


@dataclass(frozen=True)
class Held:
    """One result of a runs folder. ``path``: the checkpoint of a run,
    the folder of anything else.
    """

    kind: str
    fingerprint: str
    path: Path

    @property
    def name(self) -> str:
        """``walk_<sha256>``."""
        return f"{self.kind}_{self.fingerprint}"

    @property
    def short(self) -> str:
        """Enough of its name to find it by."""
        return f"{self.kind}_{self.fingerprint[:NAME_DIGITS]}"


def holdings(runs: Path) -> list[Held]:
    """Everything there is, by name; what was set aside to start afresh is history.

    Raises StoreError if the folder cannot be read.
    """
    with atomic.telling(runs, "read"):
        paths = sorted(runs.iterdir()) if runs.exists() else []
        return [held for path in paths if (held := held_at(path)) is not None]


def held_at(path: Path) -> Held | None:
    """What a path holds; None if its name is none of ours, or it is a folder
    that belongs to a checkpoint.
    """
    named = _HELD.fullmatch(path.name.removesuffix(".json"))
    if named is None:
        return None
    right = path.suffix == ".json" and path.is_file() if named[1] == "run" else path.is_dir()
    return Held(named[1], named[2], path) if right else None


def meant(runs: Path, name: str) -> list[Held]:
    """Everything that a name, or digits of one, may mean.

    Raises StoreError if the folder cannot be read.
    """
    asked = ASKED.fullmatch(name)
    if asked is None:
        return []
    kind, digits = (asked[1] or "").lower(), asked[2].lower()
    return [
        held
        for held in holdings(runs)
        if held.fingerprint.startswith(digits) and kind in ("", held.kind)
    ]


def kind_of(tree: Json) -> str | None:
    """The kind of a component in stored settings; None of what is none."""
    return tree["kind"] if isinstance(tree, dict) and isinstance(tree.get("kind"), str) else None


def pool_of(settings: JsonObject) -> str | None:
    """Pool and rule of stored settings, ``temporal/momentum``."""
    pool = settings.get("pool")
    names = [
        name
        for name in (kind_of(pool), kind_of(pool.get("rule")) if isinstance(pool, dict) else None)
        if name
    ]
    return "/".join(names) or None


def several(asked: str, found: list[Held]) -> str:
    """How many there are, and names to choose from."""
    alike = len({held.kind for held in found}) == 1
    names = [held.fingerprint[:NAME_DIGITS] if alike else held.short for held in found[:_SHOWN]]
    what = f"{KINDS[found[0].kind]}s" if alike else "results"
    return (
        f"{len(found)} {what} begin with {asked} "
        f"({', '.join(names)}{', …' * (len(found) > _SHOWN)}); give more digits"
    )
