"""Checks the files of walk-forwards, competitions and studies; problems are findings."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quantamm_cli.competition.documents import StrategyRecord
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store import atomic
from quantamm_cli.store.competitions import SEEDS_DIGEST, CompetitionPlace, read_batch
from quantamm_cli.store.other_results import read_study
from quantamm_cli.store.receipts import read_receipt
from quantamm_cli.store.recorded import GridPlace, SimulationPlace, SweepPlace
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.store.trajectory import read_arrays
from quantamm_cli.store.walks import WalkPlace, read_walk

_AGAIN = "run qsim compete with the same settings to write it again"
Check = Callable[[], object]
"""Reads files; raises StoreError if one is damaged."""


@dataclass(frozen=True)
class Finding:
    """A problem of a file of the store, and what to do."""

    path: Path
    problem: str


def damages(result: StoredResult) -> Iterator[Finding]:
    """Every problem of the files of a result that is no run."""
    checks = {
        "walk": _walk_checks,
        "compete": _competition_checks,
        "study": _study_checks,
        "simulation": _simulation_checks,
        "grid": _grid_checks,
        "sweep": _sweep_checks,
    }
    if result.kind not in checks:
        return
    by_file: dict[str, Finding] = {}  # two checks may read one file
    for check in checks[result.kind](result):
        try:
            check()
        except StoreError as failure:
            by_file.setdefault(failure.where, Finding(Path(failure.where), failure.message))
    yield from by_file.values()


def _walk_checks(result: StoredResult) -> list[Check]:
    return [partial(read_walk, place) for place in WalkPlace.of(result).choices()]


def _simulation_checks(result: StoredResult) -> list[Check]:
    place = SimulationPlace.of(result)
    trajectory = place.folder / "trajectory.npz"
    checks: list[Check] = [place.read]
    return [*checks, partial(read_arrays, trajectory)] if trajectory.exists() else checks


def _grid_checks(result: StoredResult) -> list[Check]:
    place = GridPlace.of(result)
    return [place.read] if place.document.exists() else []


def _sweep_checks(result: StoredResult) -> list[Check]:
    place = SweepPlace.of(result)
    return [place.read] if place.document.exists() else []


def _study_checks(result: StoredResult) -> list[Check]:
    study = StudyPlace.of(result)
    return [partial(read_study, result)] if study.summary.exists() else []


def _competition_checks(result: StoredResult) -> list[Check]:
    place = CompetitionPlace.of(result)
    checks: list[Check] = [partial(read_batch, path) for path in place.batch_files()]
    if place.scores.exists():
        checks.append(place.read_scores)
    if place.receipt.exists():
        checks.append(partial(_check_receipt, place))
    if place.table.exists() and place.scores.exists():
        checks.append(partial(_check_table, place))
    return checks


def _check_receipt(place: CompetitionPlace) -> None:
    """Raise StoreError if the receipt is damaged or of another competition."""
    receipt = read_receipt(place.receipt)
    try:
        strategies = list(map(_identity, receipt["strategies"]))
        settings_digest = sha256({**receipt["settings"], "strategies": strategies})
        names = {receipt["fingerprint"], settings_digest}
    except (KeyError, TypeError, AttributeError):
        names = set()
    if names != {place.fingerprint}:
        raise StoreError(str(place.receipt), f"is of another competition; {_AGAIN}")


def _identity(strategy: StrategyRecord) -> dict[str, object]:
    """The part of a strategy that names it: its settings, and the digest of a user's file."""
    tree: dict[str, object] = {"name": strategy["name"], "strategy": strategy["settings"]}
    if "file" in strategy:
        tree["source"] = strategy["source"]
    return tree


def _check_table(place: CompetitionPlace) -> None:
    """Raise StoreError if ``scores.json`` has the digest of another table."""
    with atomic.reporting_errors(place.table, "read"):
        digest = hashlib.sha256(place.table.read_bytes()).hexdigest()
    if place.read_scores().get(SEEDS_DIGEST, digest) != digest:
        raise StoreError(
            str(place.table),
            f"was cut or altered: {place.scores.name} has another digest; {_AGAIN}",
        )
