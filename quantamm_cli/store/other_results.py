"""Walk-forwards, competitions and studies as a listing shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from quantamm_cli.competition.documents import Swept
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import Older, older
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import read_object
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.receipts import older_definitions, read_receipt
from quantamm_cli.store.result_names import Held, pool_of
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.store.walks import WalkPlace, read_walk
from quantamm_cli.tuning.study_document import StudyDocument


class Listed(TypedDict, total=False):
    """What each kind is listed with."""

    tokens: list[str]
    pool: str | None
    metric: str
    best: float | None
    cycles: int
    finding: str
    seeds: int
    strategies: list[str]
    leader: str
    sweep: Swept
    points: int
    trials: int


@dataclass(frozen=True)
class Other:
    """A line of ``qsim runs list`` that is no run. ``status``: finished,
    unfinished (nothing to show yet), or damaged.
    """

    held: Held
    status: str
    modified: datetime
    file: Path
    told: Listed
    """What its kind is listed with."""
    problem: str | None = None
    older: tuple[Older, ...] = ()
    """What it was made by and has changed since."""


def other(held: Held) -> Other:
    """What a listing shows of a walk-forward, a competition or a study."""
    file, there = _file(held)
    newest = file if there else held.path
    with atomic.telling(newest, "read"):
        modified = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    if not there:
        return Other(held, "unfinished", modified, file, {})
    try:
        facts, changed = {"walk": _walk, "compete": _competition, "study": _study}[held.kind](held)
    except StoreError as failure:
        return Other(held, "damaged", modified, file, {}, failure.message)
    except (KeyError, TypeError, AttributeError, IndexError):
        return Other(held, "damaged", modified, file, {}, "lacks parts of what was written")
    return Other(held, "finished", modified, file, facts, older=changed)


def competition_place(held: Held) -> CompetitionPlace:
    """The files of a competition."""
    return CompetitionPlace(held.path.parent, held.fingerprint)


def walk_place(held: Held, chosen: str = "") -> WalkPlace:
    """The files of a walk-forward."""
    return WalkPlace(held.path.parent, held.fingerprint, chosen)


def read_study(held: Held) -> StudyDocument:
    """The summary of a study. Raises StoreError if it is not there, or damaged."""
    path = StudyPlace(held.path.parent, held.fingerprint).summary
    cure = "qsim tune with the same words writes it again"
    found: Any = read_object(path, cure)
    if (
        found.get("study") != held.name
        or sha256(found.get("identity")) != held.fingerprint
        or not isinstance(found.get("trials"), list)
    ):
        raise StoreError(str(path), f"is not of this study; {cure}")
    study: StudyDocument = found
    return study


def older_study(study: StudyDocument) -> tuple[Older, ...]:
    """What a study was made by and has changed since."""
    identity = study["identity"]
    _, _, metric = identity["objective"].partition(".")
    return older(identity["train"], "train", [metric], identity.get("meanings"))


def _file(held: Held) -> tuple[Path, bool]:
    """The file that tells most, and whether it is there."""
    if held.kind == "walk":
        chosen = walk_place(held).choices()
        return (chosen[0] if chosen else walk_place(held)).result, bool(chosen)
    file = held.path / {"compete": "scores.json", "study": "study.json"}[held.kind]
    return file, file.exists()


def _walk(held: Held) -> tuple[Listed, tuple[Older, ...]]:
    walk = read_walk(walk_place(held).choices()[0])
    result = walk.result
    metric, best = result["aggregate"]["metric"], result["aggregate"]["outside"]
    finding = result["verdict"]["finding"]
    tokens, pool = _pool(result["settings"])
    facts: Listed = {
        "cycles": len(result["cycles"]),
        "metric": metric,
        "best": best,
        "finding": finding,
        "tokens": tokens,
        "pool": pool,
    }
    return facts, walk.older


def _competition(held: Held) -> tuple[Listed, tuple[Older, ...]]:
    place = competition_place(held)
    found = place.read_scores()
    changed = _older_competition(place)
    common: Listed = {"seeds": found["seeds"]["count"], "metric": "edge"}
    if "sweep" in found:
        facts: Listed = {
            **common,
            "sweep": found["sweep"],
            "points": len(found["points"]),
            "best": found["best"]["edge"]["mean"],
        }
        return facts, changed
    names = [row["name"] for row in found["standings"][:-1]]
    facts = {
        **common,
        "strategies": names,
        "leader": names[0],
        "best": found["standings"][0]["edge"]["mean"],
    }
    return facts, changed


def _older_competition(place: CompetitionPlace) -> tuple[Older, ...]:
    """By its receipt; a damaged one is for ``qsim runs verify`` to say."""
    try:
        return older_definitions(read_receipt(place.receipt)) if place.receipt.exists() else ()
    except StoreError:
        return ()


def _study(held: Held) -> tuple[Listed, tuple[Older, ...]]:
    found = read_study(held)
    best = found["best"]["value"] if "best" in found else None
    tokens, pool = _pool(found["identity"]["train"])
    facts: Listed = {
        "trials": len(found["trials"]),
        "metric": found["identity"]["objective"],
        "best": best,
        "tokens": tokens,
        "pool": pool,
    }
    return facts, older_study(found)


def _pool(settings: JsonObject) -> tuple[list[str], str | None]:
    """Tokens and pool of stored settings."""
    tokens = settings["tokens"]
    if not isinstance(tokens, list):
        raise TypeError("tokens are not a list")
    return tokens, pool_of(settings)
