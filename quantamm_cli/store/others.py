"""Walk-forwards, competitions and studies as a listing shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from quantamm_cli.competition.documents import Swept
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.named import Held, pool_of
from quantamm_cli.store.proven import read_object
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
    """A line of ``qsim runs list`` that is no run. ``status``: finished, unfinished (nothing to show yet), or damaged."""

    held: Held
    status: str
    modified: datetime
    file: Path
    told: Listed
    """What its kind is listed with."""
    problem: str | None = None


def other(held: Held) -> Other:
    """What a listing shows of a walk-forward, a competition or a study."""
    file, there = _file(held)
    newest = file if there else held.path
    with atomic.telling(newest, "read"):
        modified = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    if not there:
        return Other(held, "unfinished", modified, file, {})
    try:
        told = {"walk": _walk, "compete": _competition, "study": _study}[held.kind](held)
    except StoreError as failure:
        return Other(held, "damaged", modified, file, {}, failure.message)
    except (KeyError, TypeError, AttributeError, IndexError):
        return Other(held, "damaged", modified, file, {}, "lacks parts of what was written")
    return Other(held, "finished", modified, file, told)


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


def _file(held: Held) -> tuple[Path, bool]:
    """The file that tells most, and whether it is there."""
    if held.kind == "walk":
        chosen = walk_place(held).choices()
        return (chosen[0] if chosen else walk_place(held)).result, bool(chosen)
    file = held.path / {"compete": "scores.json", "study": "study.json"}[held.kind]
    return file, file.exists()


def _walk(held: Held) -> Listed:
    result = read_walk(walk_place(held).choices()[0]).result
    metric, best = result["aggregate"]["metric"], result["aggregate"]["outside"]
    finding = result["verdict"]["finding"]
    tokens, pool = _pool(result["settings"])
    return {
        "cycles": len(result["cycles"]),
        "metric": metric,
        "best": best,
        "finding": finding,
        "tokens": tokens,
        "pool": pool,
    }


def _competition(held: Held) -> Listed:
    found = competition_place(held).read_scores()
    common: Listed = {"seeds": found["seeds"]["count"], "metric": "edge"}
    if "sweep" in found:
        return {
            **common,
            "sweep": found["sweep"],
            "points": len(found["points"]),
            "best": found["best"]["edge"]["mean"],
        }
    names = [row["name"] for row in found["standings"][:-1]]
    return {
        **common,
        "strategies": names,
        "leader": names[0],
        "best": found["standings"][0]["edge"]["mean"],
    }


def _study(held: Held) -> Listed:
    found = read_study(held)
    best = found["best"]["value"] if "best" in found else None
    tokens, pool = _pool(found["identity"]["train"])
    return {
        "trials": len(found["trials"]),
        "metric": found["identity"]["objective"],
        "best": best,
        "tokens": tokens,
        "pool": pool,
    }


def _pool(settings: JsonObject) -> tuple[list[str], str | None]:
    """Tokens and pool of stored settings."""
    tokens = settings["tokens"]
    if not isinstance(tokens, list):
        raise TypeError("tokens are not a list")
    return tokens, pool_of(settings)
