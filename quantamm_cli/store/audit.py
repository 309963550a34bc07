"""What is in a runs folder, and what is wrong with it; a damaged file is told, never raised."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.history import Older
from quantamm_cli.store import atomic
from quantamm_cli.store.audit_others import Finding, damages
from quantamm_cli.store.checkpoint import Run, read_checkpoint
from quantamm_cli.store.history import read_lines
from quantamm_cli.store.record import Entry
from quantamm_cli.store.result_names import holdings, kind_of, pool_of
from quantamm_cli.store.run_paths import CHECKPOINT, FINGERPRINT, Place
from quantamm_cli.store.state import read_state, step_of


@dataclass(frozen=True)
class Summary:
    """A line of ``qsim runs list``. ``status`` is that of the checkpoint,
    or ``damaged`` with the ``problem`` said.
    """

    fingerprint: str
    status: str
    path: Path
    modified: datetime
    steps: int | None = None
    best: float | None = None
    metric: str | None = None
    tokens: tuple[str, ...] = ()
    pool: str | None = None
    problem: str | None = None
    older: tuple[Older, ...] = ()
    """What it was made by and has changed since."""


def checkpoints(runs: Path) -> list[Path]:
    """Every file that should be a checkpoint.

    Raises StoreError if the folder cannot be read; none if there is no folder.
    """
    with atomic.telling(runs, "read"):
        if not runs.exists():
            return []
        return sorted(
            path
            for path in runs.iterdir()
            if path.name.startswith("run_") and path.suffix == ".json" and path.is_file()
        )


def summary(path: Path) -> Summary:
    """What a listing shows of a checkpoint."""
    named = CHECKPOINT.fullmatch(path.name)
    with atomic.telling(path, "read"):
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        run = read_checkpoint(path)
    except StoreError as error:
        return Summary(named[1] if named else "", "damaged", path, modified, problem=error.message)
    metric, best = _best(run)
    tokens = run.settings.get("tokens")
    names = tuple(str(token) for token in tokens) if isinstance(tokens, list) else ()
    return Summary(
        run.fingerprint,
        run.status,
        path,
        modified,
        run.step,
        best,
        metric,
        names,
        pool_of(run.settings),
        older=run.older,
    )


def _best(run: Run) -> tuple[str | None, float | None]:
    """The best of the selecting metric over sets and kept entries: on the validation period,
    else on the training period.
    """
    split = run.settings.get("split")
    chosen = split.get("selection_metric") if isinstance(split, dict) else None
    metric = chosen if isinstance(chosen, str) else kind_of(run.settings.get("metric"))
    for period in ("validation", "train"):
        numbers = [number for entry in run.entries for number in _numbers(entry, period, metric)]
        if numbers:
            return metric, max(numbers)
    return metric, None


def _numbers(entry: Entry, period: str, metric: str | None) -> list[float]:
    tree: Any = entry.get("metrics")
    for key in (period, metric):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return (
        [number for number in tree if isinstance(number, float | int)]
        if isinstance(tree, list)
        else []
    )


def findings(runs: Path) -> Iterator[Finding]:
    """Everything wrong with the checkpoints, histories and states of a folder,
    and with what else it holds.
    """
    paths = checkpoints(runs)
    for path in paths:
        try:
            run = read_checkpoint(path)
            yield from _beside(run, Place.of(path))
        except StoreError as error:
            yield Finding(Path(error.where), error.message)
    yield from _orphans(runs, {path.stem for path in paths})
    for held in holdings(runs):
        yield from damages(held)


def _beside(run: Run, place: Place) -> Iterator[Finding]:
    try:
        history = {entry["step"]: entry for entry in run.history()}
        if any(history.get(entry["step"]) != entry for entry in run.entries):
            yield Finding(
                place.history,
                "does not hold the entries of its checkpoint; one of the two was altered: "
                "restore it from a copy",
            )
        elif run.status == "finished" and _longer(run, place):
            yield Finding(
                place.history,
                "goes on behind the last step of a finished run; it was altered: "
                "restore it from a copy",
            )
    except StoreError as error:
        yield Finding(Path(error.where), error.message)
    try:
        step = step_of(read_state(place.state, run.fingerprint))
        if step is None or step < run.step:
            yield Finding(
                place.state,
                f"stands for step {step}, the checkpoint for step {run.step}; "
                "restore it from a copy",
            )
    except StoreError as error:
        yield Finding(Path(error.where), error.message)


def _longer(run: Run, place: Place) -> bool:
    lines = read_lines(place.history, run.fingerprint)
    return not lines or lines[-1].step != run.step or place.history.stat().st_size != lines[-1].end


def _orphans(runs: Path, known: set[str]) -> Iterator[Finding]:
    with atomic.telling(runs, "read"):
        folders = sorted(path for path in runs.iterdir() if path.is_dir()) if runs.exists() else []
    for folder in folders:
        ours = folder.name.startswith("run_") and FINGERPRINT.fullmatch(folder.name[4:])
        if ours and folder.name not in known and (folder / "history.jsonl").exists():
            yield Finding(
                folder,
                "has a history but no checkpoint; restore that from a copy, or run it again "
                "(the old files are kept)",
            )
