"""Reads walk-forwards, competitions and studies for a list of results."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from quantamm_cli.competition.documents import Swept
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import Older, changed, older
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import read_object
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.receipts import older_definitions, read_receipt
from quantamm_cli.store.result_names import StoredResult, pool_of
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.store.walks import WalkPlace, read_walk
from quantamm_cli.tuning.study_document import StudyDocument


class Listed(TypedDict, total=False):
    """The facts of a result in a list; each kind has some of them."""

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
    """A line of ``qsim runs list`` that is no run. ``status``: ``finished``, ``unfinished`` (it has
    no result yet) or ``damaged``.
    """

    result: StoredResult
    status: str
    modified: datetime
    file: Path
    facts: Listed
    problem: str | None = None
    older: tuple[Older, ...] = ()
    """The definitions that have changed since it was made."""


def other(result: StoredResult) -> Other:
    """The line of a walk-forward, a competition or a study in a list of results."""
    file, exists = _file(result)
    newest = file if exists else result.path
    with atomic.reporting_errors(newest, "read"):
        modified = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    if not exists:
        return Other(result, "unfinished", modified, file, {})
    reader = {"walk": _walk, "compete": _competition, "study": _study}[result.kind]
    try:
        facts, changed = reader(result)
    except StoreError as failure:
        return Other(result, "damaged", modified, file, {}, failure.message)
    except (KeyError, TypeError, AttributeError, IndexError):
        return Other(result, "damaged", modified, file, {}, "lacks parts of its content")
    return Other(result, "finished", modified, file, facts, older=changed)


def competition_place(result: StoredResult) -> CompetitionPlace:
    """The files of a competition."""
    return CompetitionPlace(result.path.parent, result.fingerprint)


def walk_place(result: StoredResult, chosen: str = "") -> WalkPlace:
    """The files of a walk-forward."""
    return WalkPlace(result.path.parent, result.fingerprint, chosen)


def read_study(result: StoredResult) -> StudyDocument:
    """The summary of a study. Raises StoreError if it is missing or damaged."""
    path = StudyPlace(result.path.parent, result.fingerprint).summary
    advice = "run qsim tune with the same settings to write it again"
    document: Any = read_object(path, advice)
    if (
        document.get("study") != result.name
        or sha256(document.get("identity")) != result.fingerprint
        or not isinstance(document.get("trials"), list)
    ):
        raise StoreError(str(path), f"is not of this study; {advice}")
    study: StudyDocument = document
    return study


def older_study(study: StudyDocument) -> tuple[Older, ...]:
    """The definitions that have changed since a study was made."""
    identity = study["identity"]
    _, _, metric = identity["objective"].partition(".")
    return older(identity["train"], "train", [metric], identity.get("meanings"))


def _file(result: StoredResult) -> tuple[Path, bool]:
    """The file of the result, and whether it exists."""
    if result.kind == "walk":
        places = walk_place(result).choices()
        place = places[0] if places else walk_place(result)
        return place.result, bool(places)
    file = result.path / {"compete": "scores.json", "study": "study.json"}[result.kind]
    return file, file.exists()


def _walk(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    walk = read_walk(walk_place(result).choices()[0])
    document = walk.result
    tokens, pool = _pool(document["settings"])
    facts: Listed = {
        "cycles": len(document["cycles"]),
        "metric": document["aggregate"]["metric"],
        "best": document["aggregate"]["outside"],
        "finding": document["verdict"]["finding"],
        "tokens": tokens,
        "pool": pool,
    }
    return facts, walk.older


def _competition(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    place = competition_place(result)
    scores = place.read_scores()
    facts: Listed = {"seeds": scores["seeds"]["count"], "metric": "edge"}
    if "sweep" in scores:
        facts["sweep"] = scores["sweep"]
        facts["points"] = len(scores["points"])
        facts["best"] = scores["best"]["edge"]["mean"]
    else:
        names = [row["name"] for row in scores["standings"][:-1]]
        facts["strategies"] = names
        facts["leader"] = names[0]
        facts["best"] = scores["standings"][0]["edge"]["mean"]
    return facts, _older_competition(place)


def _older_competition(place: CompetitionPlace) -> tuple[Older, ...]:
    """The definitions that have changed since its receipt; empty for a missing or damaged receipt,
    on which ``qsim runs verify`` reports.
    """
    if not changed() or not place.receipt.exists():  # a receipt is large, and a listing has many
        return ()
    try:
        return older_definitions(read_receipt(place.receipt))
    except StoreError:
        return ()


def _study(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    study = read_study(result)
    tokens, pool = _pool(study["identity"]["train"])
    facts: Listed = {
        "trials": len(study["trials"]),
        "metric": study["identity"]["objective"],
        "best": study["best"]["value"] if "best" in study else None,
        "tokens": tokens,
        "pool": pool,
    }
    return facts, older_study(study)


def _pool(settings: JsonObject) -> tuple[list[str], str | None]:
    """Tokens and pool of stored settings."""
    tokens = settings["tokens"]
    if not isinstance(tokens, list):
        raise TypeError("tokens are not a list")
    return tokens, pool_of(settings)
