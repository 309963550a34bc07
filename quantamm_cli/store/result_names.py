"""Finds results of a runs folder by name: runs, walk-forwards, competitions and studies."""

import re
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store import atomic

KINDS = {"run": "run", "walk": "walk-forward", "compete": "competition", "study": "study"}
"""The kinds of results by the prefix of their names."""
ASKED = re.compile(r"(?:(run|walk|compete|study)_)?([0-9a-f]{6,64})(?:\.json)?", re.IGNORECASE)
"""A name, or 6 or more digits of its fingerprint, with or without the kind."""
_NAME = re.compile(r"(run|walk|compete|study)_([0-9a-f]{64})")
NAME_DIGITS = 12
"""Digits of a fingerprint that are shown; they are enough to distinguish results."""
_SHOWN = 4


@dataclass(frozen=True)
class StoredResult:
    """One result of a runs folder; ``path`` is the checkpoint of a run, else a folder."""

    kind: str
    fingerprint: str
    path: Path

    @property
    def name(self) -> str:
        """``walk_<sha256>``."""
        return f"{self.kind}_{self.fingerprint}"

    @property
    def short(self) -> str:
        """A part of its name that is enough to find it."""
        return f"{self.kind}_{self.fingerprint[:NAME_DIGITS]}"


def stored_results(runs: Path) -> list[StoredResult]:
    """Every result, in order of names, without those that were set aside.

    Raises StoreError if the folder cannot be read.
    """
    with atomic.reporting_errors(runs, "read"):
        paths = sorted(runs.iterdir()) if runs.exists() else []
        return list(filter(None, map(result_at, paths)))


def result_at(path: Path) -> StoredResult | None:
    """The result at a path; None if it has no name of a result, or is the folder of a run."""
    name = _NAME.fullmatch(path.name.removesuffix(".json"))
    if name is None:
        return None
    checkpoint = path.suffix == ".json" and path.is_file()
    if checkpoint if name[1] == "run" else path.is_dir():
        return StoredResult(name[1], name[2], path)
    return None


def matching(runs: Path, name: str) -> list[StoredResult]:
    """Every result whose name begins with ``name``, or whose fingerprint does.

    Raises StoreError if the folder cannot be read.
    """
    parts = ASKED.fullmatch(name)
    if parts is None:
        return []
    kind, digits = (parts[1] or "").lower(), parts[2].lower()
    return [
        result
        for result in stored_results(runs)
        if result.fingerprint.startswith(digits) and kind in ("", result.kind)
    ]


def kind_of(tree: Json) -> str | None:
    """The kind of a component in stored settings; None if the tree is no component."""
    kind = tree.get("kind") if isinstance(tree, dict) else None
    return kind if isinstance(kind, str) else None


def pool_of(settings: JsonObject) -> str | None:
    """Pool and rule of stored settings, ``temporal/momentum``."""
    pool = settings.get("pool")
    rule = pool.get("rule") if isinstance(pool, dict) else None
    return "/".join(filter(None, (kind_of(pool), kind_of(rule)))) or None


def ambiguous(name: str, results: list[StoredResult]) -> str:
    """The message that a name has several results, with some of their names."""
    shown, more = results[:_SHOWN], ", …" * (len(results) > _SHOWN)
    if len({result.kind for result in results}) == 1:
        noun = f"{KINDS[results[0].kind]}s"
        names = [result.fingerprint[:NAME_DIGITS] for result in shown]
    else:
        noun, names = "results", [result.short for result in shown]
    return f"{len(results)} {noun} begin with {name} ({', '.join(names)}{more}); write more digits"
