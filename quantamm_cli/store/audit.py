"""Lists and checks the runs of a folder; a damaged file is a finding, not an exception."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.history import Older
from quantamm_cli.store import atomic
from quantamm_cli.store.audit_others import Finding, damages
from quantamm_cli.store.checkpoint import Run, read_checkpoint
from quantamm_cli.store.history import read_lines
from quantamm_cli.store.record import Entry
from quantamm_cli.store.result_names import kind_of, pool_of, stored_results
from quantamm_cli.store.run_paths import CHECKPOINT, FINGERPRINT, Place
from quantamm_cli.store.state import read_state, step_of


@dataclass(frozen=True)
class Summary:
    """A line of ``qsim runs list``. ``status`` is that of the checkpoint, or ``damaged`` because
    of ``problem``.
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
    """The definitions that have changed since it was made."""


def checkpoints(runs: Path) -> list[Path]:
    """Every file with the name of a checkpoint; empty if there is no folder.

    Raises StoreError if the folder cannot be read.
    """
    with atomic.reporting_errors(runs, "read"):
        if not runs.exists():
            return []
        return sorted(
            path
            for path in runs.iterdir()
            if path.name.startswith("run_") and path.suffix == ".json" and path.is_file()
        )


def summary(path: Path) -> Summary:
    """The line of a checkpoint in a list of runs."""
    name = CHECKPOINT.fullmatch(path.name)
    with atomic.reporting_errors(path, "read"):
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        run = read_checkpoint(path)
    except StoreError as error:
        fingerprint = name[1] if name else ""
        return Summary(fingerprint, "damaged", path, modified, problem=error.message)
    metric, best = _best(run)
    tokens = run.settings.get("tokens")
    return Summary(
        run.fingerprint,
        run.status,
        path,
        modified,
        steps=run.step,
        best=best,
        metric=metric,
        tokens=tuple(map(str, tokens)) if isinstance(tokens, list) else (),
        pool=pool_of(run.settings),
        older=run.older,
    )


def _best(run: Run) -> tuple[str | None, float | None]:
    """The selecting metric, and its best over sets and stored entries: on the validation period,
    else on the training period.
    """
    split = run.settings.get("split")
    metric = split.get("selection_metric") if isinstance(split, dict) else None
    if not isinstance(metric, str):
        metric = kind_of(run.settings.get("metric"))
    for period in ("validation", "train"):
        numbers = list(
            chain.from_iterable(_numbers(entry, period, metric) for entry in run.entries)
        )
        if numbers:
            return metric, max(numbers)
    return metric, None


def _numbers(entry: Entry, period: str, metric: str | None) -> list[float]:
    tree: Any = entry.get("metrics")
    for key in (period, metric):
        tree = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(tree, list):
        return []
    return [number for number in tree if isinstance(number, float | int)]


def findings(runs: Path) -> Iterator[Finding]:
    """Every problem of the checkpoints, histories, states and other results of a folder."""
    paths = checkpoints(runs)
    for path in paths:
        try:
            run = read_checkpoint(path)
            yield from _other_files(run, Place.of(path))
        except StoreError as error:
            yield Finding(Path(error.where), error.message)
    yield from _orphans(runs, {path.stem for path in paths})
    for result in stored_results(runs):
        yield from damages(result)


def _other_files(run: Run, place: Place) -> Iterator[Finding]:
    """Every problem of the history and the state of a run."""
    try:
        history = {entry["step"]: entry for entry in run.history()}
        if any(history.get(entry["step"]) != entry for entry in run.entries):
            yield Finding(
                place.history,
                "lacks entries of its checkpoint; one of the two was altered: restore it from "
                "a copy",
            )
        elif run.status == "finished" and _longer(run, place):
            yield Finding(
                place.history,
                "has entries after the last step of a finished run; it was altered: "
                "restore it from a copy",
            )
    except StoreError as error:
        yield Finding(Path(error.where), error.message)
    try:
        step = step_of(read_state(place.state, run.fingerprint))
        if step is None or step < run.step:
            yield Finding(
                place.state,
                f"is of step {step}, the checkpoint of step {run.step}; restore it from a copy",
            )
    except StoreError as error:
        yield Finding(Path(error.where), error.message)


def _longer(run: Run, place: Place) -> bool:
    lines = read_lines(place.history, run.fingerprint)
    return not lines or lines[-1].step != run.step or place.history.stat().st_size != lines[-1].end


def _orphans(runs: Path, known: set[str]) -> Iterator[Finding]:
    """Folders of runs without a checkpoint."""
    with atomic.reporting_errors(runs, "read"):
        paths = sorted(runs.iterdir()) if runs.exists() else []
    for folder in filter(Path.is_dir, paths):
        ours = folder.name.startswith("run_") and FINGERPRINT.fullmatch(folder.name[4:])
        if ours and folder.name not in known and (folder / "history.jsonl").exists():
            yield Finding(
                folder,
                "has a history but no checkpoint; restore that from a copy, or run it again "
                "(the old files are kept)",
            )
