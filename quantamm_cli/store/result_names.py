"""Finds results of a runs folder by name."""

import re
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.run_paths import BESIDE, result_name

KINDS = {
    "run": "run",
    "walk": "walk-forward",
    "compete": "competition",
    "study": "study",
    "simulation": "simulation",
    "grid": "grid",
    "sweep": "sweep",
}
"""The kinds of results. They are the prefixes of their names, but a simulation is called ``run_…``:
it has a folder as a run has, and no checkpoint.
"""
_PREFIXES = "|".join(kind for kind in KINDS if kind != "simulation")
ASKED = re.compile(
    rf"(?:({_PREFIXES})_)?([0-9a-f]{{6,64}})(?:\+([0-9a-f]{{1,12}}))?(?:\.json)?", re.IGNORECASE
)
"""A name, or 6 or more digits of its fingerprint, with or without the kind; one on other data has
digits of theirs behind ``+``.
"""
_NAME = re.compile(rf"({_PREFIXES})_([0-9a-f]{{64}}){BESIDE}")
NAME_DIGITS = 12
"""Digits of a fingerprint that are shown; they are enough to distinguish results."""
SIMULATION = "simulation.json"
"""The document of a simulation in its folder."""
_SHOWN = 4


@dataclass(frozen=True)
class StoredResult:
    """One result of a runs folder; ``path`` is the checkpoint of a run, else a folder."""

    kind: str
    fingerprint: str
    path: Path
    beside: str = ""
    """12 digits of the digest of its data, if the plain name has other data."""

    @property
    def name(self) -> str:
        """``walk_<sha256>``."""
        return result_name(self.prefix, self.fingerprint, self.beside)

    @property
    def prefix(self) -> str:
        """What its name begins with."""
        return "run" if self.kind == "simulation" else self.kind

    @property
    def short(self) -> str:
        """A part of its name that is enough to find it."""
        return result_name(self.prefix, self.digits)

    @property
    def digits(self) -> str:
        """The digits of its name that a list shows."""
        return self.fingerprint[:NAME_DIGITS] + f"+{self.beside}" * bool(self.beside)


def stored_results(runs: Path) -> list[StoredResult]:
    """Every result, in order of names, without those that were set aside.

    Raises StoreError if the folder cannot be read.
    """
    with atomic.reporting_errors(runs, "read"):
        paths = sorted(runs.iterdir()) if runs.exists() else []
        return list(filter(None, map(result_at, paths)))


def result_at(path: Path) -> StoredResult | None:
    """The result at a path; None if it has no name of a result, or is the folder of a training."""
    name = _NAME.fullmatch(path.name.removesuffix(".json"))
    if name is None:
        return None
    kind, digits, beside = name[1], name[2], name[3] or ""
    if path.suffix == ".json":
        return (
            StoredResult(kind, digits, path, beside) if kind == "run" and path.is_file() else None
        )
    if kind == "run":
        if not (path / SIMULATION).is_file():
            return None
        kind = "simulation"
    return StoredResult(kind, digits, path, beside) if path.is_dir() else None


def matching(runs: Path, name: str) -> list[StoredResult]:
    """Every result whose name begins with ``name``, or whose fingerprint does. One on other data
    counts only if ``name`` has a ``+``, or nothing else matches.

    Raises StoreError if the folder cannot be read.
    """
    parts = ASKED.fullmatch(name)
    if parts is None:
        return []
    kind, digits = (parts[1] or "").lower(), parts[2].lower()
    results = [
        result
        for result in stored_results(runs)
        if result.fingerprint.startswith(digits) and kind in ("", result.prefix)
    ]
    if parts[3]:
        return [result for result in results if result.beside.startswith(parts[3].lower())]
    return [result for result in results if not result.beside] or results


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
        names = [result.digits for result in shown]
    else:
        noun, names = "results", [result.short for result in shown]
    return f"{len(results)} {noun} begin with {name} ({', '.join(names)}{more}); write more digits"
