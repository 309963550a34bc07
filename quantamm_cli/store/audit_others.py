"""What is wrong with the files of walk-forwards, competitions and studies; told, never raised."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantamm_cli.competition.documents import StrategyRecord
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store import atomic
from quantamm_cli.store.competitions import SEEDS_DIGEST, CompetitionPlace, read_batch
from quantamm_cli.store.other_results import competition_place, read_study, walk_place
from quantamm_cli.store.receipts import read_receipt
from quantamm_cli.store.result_names import Held
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.store.walks import read_walk

_AGAIN = "qsim compete with the same words writes it again"


@dataclass(frozen=True)
class Finding:
    """Something wrong with a file of the store, and what to do."""

    path: Path
    problem: str


def damages(held: Held) -> Iterator[Finding]:
    """Everything wrong with the files of what is no run."""
    checks = {"walk": _walk_files, "compete": _competition_files, "study": _study_files}
    found: dict[str, Finding] = {}  # a file that two checks read is told once
    for check in checks[held.kind](held) if held.kind in checks else ():
        try:
            check()
        except StoreError as failure:
            found.setdefault(failure.where, Finding(Path(failure.where), failure.message))
    yield from found.values()


def _walk_files(held: Held) -> list[Any]:
    return [lambda place=place: read_walk(place) for place in walk_place(held).choices()]


def _study_files(held: Held) -> list[Any]:
    return (
        [lambda: read_study(held)]
        if StudyPlace(held.path.parent, held.fingerprint).summary.exists()
        else []
    )


def _competition_files(held: Held) -> list[Any]:
    place = competition_place(held)
    checks: list[Any] = [lambda path=path: read_batch(path) for path in place.kept_files()]
    checks += [place.read_scores] if place.scores.exists() else []
    checks += [lambda: _receipt(place)] if place.receipt.exists() else []
    return checks + (
        [lambda: _table(place)] if place.table.exists() and place.scores.exists() else []
    )


def _receipt(place: CompetitionPlace) -> None:
    """The receipt, of this very competition."""
    found = read_receipt(place.receipt)
    try:
        own = [
            {"name": each["name"], "strategy": each["settings"]} | _own_source(each)
            for each in found["strategies"]
        ]
        names = {found["fingerprint"], sha256({**found["settings"], "strategies": own})}
    except (KeyError, TypeError, AttributeError):
        names = set()
    if names != {place.fingerprint}:
        raise StoreError(str(place.receipt), f"is of another competition; {_AGAIN}")


def _own_source(strategy: StrategyRecord) -> dict[str, str | None]:
    """A user's file is named by its content; a shipped strategy by its settings alone."""
    return {"source": strategy["source"]} if "file" in strategy else {}


def _table(place: CompetitionPlace) -> None:
    """The very bytes of which ``scores.json`` has the digest."""
    with atomic.telling(place.table, "read"):
        found = hashlib.sha256(place.table.read_bytes()).hexdigest()
    if place.read_scores().get(SEEDS_DIGEST, found) != found:
        raise StoreError(
            str(place.table),
            f"was cut or altered: {place.scores.name} has another digest; {_AGAIN}",
        )
