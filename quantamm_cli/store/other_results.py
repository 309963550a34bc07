"""Reads results that are no trainings for a list of results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from quantamm_cli.competition.documents import Swept
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import Older, changed, older
from quantamm_cli.settings.json_tree import Json, JsonObject, text
from quantamm_cli.settings.types import minute
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import read_object
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.receipts import older_definitions, read_receipt
from quantamm_cli.store.recorded import GRID, SWEEP, GridPlace, SimulationPlace, SweepPlace
from quantamm_cli.store.result_names import SIMULATION, StoredResult, pool_of
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.store.walks import WalkPlace, read_walk
from quantamm_cli.tuning.study_document import StudyDocument, objectives

_FILES = {
    "compete": "scores.json",
    "study": "study.json",
    "simulation": SIMULATION,
    "grid": GRID,
    "sweep": SWEEP,
}


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
    start: str
    end: str
    minutes: int
    jobs: int
    swept: str


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
    reader = _READERS[result.kind]
    try:
        facts, changed = reader(result)
    except StoreError as failure:
        return Other(result, "damaged", modified, file, {}, failure.message)
    except (KeyError, TypeError, AttributeError, IndexError):
        return Other(result, "damaged", modified, file, {}, "lacks parts of its content")
    return Other(result, "finished", modified, file, facts, older=changed)


def read_study(result: StoredResult) -> StudyDocument:
    """The summary of a study. Raises StoreError if it is missing or damaged."""
    path = StudyPlace.of(result).summary
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
    metrics = [name.partition(".")[2] for name in objectives(study["identity"])]
    trained = older(identity["train"], "train", metrics, identity.get("meanings"))
    searched: Any = {key: node for key, node in identity.items() if key != "train"}
    return (*older(searched, "tune"), *trained)


def _file(result: StoredResult) -> tuple[Path, bool]:
    """The file of the result, and whether it exists."""
    if result.kind == "walk":
        places = WalkPlace.of(result).choices()
        place = places[0] if places else WalkPlace.of(result)
        return place.result, bool(places)
    file = result.path / _FILES[result.kind]
    return file, file.exists()


def _walk(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    walk = read_walk(WalkPlace.of(result).choices()[0])
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
    place = CompetitionPlace.of(result)
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
        "metric": ", ".join(objectives(study["identity"])),
        "best": study["best"]["value"] if "best" in study else None,
        "tokens": tokens,
        "pool": pool,
    }
    return facts, older_study(study)


def _simulation(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    document = SimulationPlace.of(result).read()
    facts = _simulated(document["settings"])
    facts["metric"] = "returns"
    facts["minutes"] = minute(facts["end"]) - minute(facts["start"])
    facts["best"] = document["metrics"]["returns"]
    meanings = document["provenance"].get("meanings")
    return facts, _older(document["settings"], document["metrics"], meanings)


def _grid(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    document = GridPlace.of(result).read()
    facts = _simulated(document["settings"])
    scores = [score for score in document["scores"][document["metric"]] if score is not None]
    facts["metric"], facts["best"] = document["metric"], max(scores, default=None)
    facts["points"] = len(document["points"])
    meanings = document["provenance"].get("meanings")
    return facts, _older(document["settings"], document["scores"], meanings)


def _sweep(result: StoredResult) -> tuple[Listed, tuple[Older, ...]]:
    document = SweepPlace.of(result).read()
    swept = f"{document['identity']['command']} over {', '.join(document['axes'])}"
    return {"jobs": len(document["jobs"]), "swept": swept}, ()


def _simulated(settings: JsonObject) -> Listed:
    tokens, pool = _pool(settings)
    return {
        "tokens": tokens,
        "pool": pool,
        "start": text(settings, "start"),
        "end": text(settings, "end"),
    }


def _older(settings: JsonObject, metrics: Iterable[str], meanings: Json) -> tuple[Older, ...]:
    numbers: Any = meanings if isinstance(meanings, Mapping) else {}
    return older(settings, "simulate", sorted(metrics), numbers)


def _pool(settings: JsonObject) -> tuple[list[str], str | None]:
    """Tokens and pool of stored settings."""
    tokens = settings["tokens"]
    if not isinstance(tokens, list):
        raise TypeError("tokens are not a list")
    return tokens, pool_of(settings)


_READERS = {
    "walk": _walk,
    "compete": _competition,
    "study": _study,
    "simulation": _simulation,
    "grid": _grid,
    "sweep": _sweep,
}
