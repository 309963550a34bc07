"""Imports results of quantammsim as runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.config.components import load_components
from quantamm_cli.config.quantammsim_settings import METRICS
from quantamm_cli.core.params import Parameter, in_force, initial, trainable
from quantamm_cli.errors import ConfigError, QsimError, StoreError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.store.reference import Result as Reference
from quantamm_cli.store.reference import read_result
from quantamm_cli.store.runs import Entry, Store
from quantamm_cli.version import __version__
from quantamm_cli.workflows.grid_axes import by_name
from quantamm_cli.workflows.import_fingerprint import imported_settings, parameter_sets
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax

PERIODS = {
    "train": ("train_objective",),
    "validation": ("validation_metrics",),
    "test": ("test_objective", "continuous_test_metrics"),
}
"""The keys of an entry that have the scores of a period; the first that is set is used."""
_KNOWN_KEYS = {
    "step",
    "objective",
    "hessian_trace",
    "local_learning_rate",
    "iterations_since_improvement",
    "subsidary_params",
}
_KNOWN_KEYS |= {"optuna_trial_number", "initial_reserves", *chain.from_iterable(PERIODS.values())}
"""The keys of an entry that are no parameters."""
_UNUSED_PARAMETERS = {"logit_delta_lamb", "sp_pre_exp_scaling"}
"""Parameters that quantammsim also writes for pools whose rule does not use them."""


@dataclass(frozen=True)
class Imported:
    """A file of results and the run that was made from it."""

    file: Path
    fingerprint: str
    status: str
    """``new`` or ``reused``."""
    entries: int
    sets: int
    notes: tuple[str, ...]
    """What could not be imported unchanged."""
    checkpoint: Path

    @property
    def summary(self) -> str:
        """The run and its size, in one line."""
        size = f"{self.entries} steps of {self.sets} sets"
        return f"run_{self.fingerprint[:12]}…, {size} ({self.status})"

    def to_dict(self) -> JsonObject:
        """As JSON."""
        return {
            "file": str(self.file),
            "run": f"run_{self.fingerprint}",
            "fingerprint": self.fingerprint,
            "status": self.status,
            "entries": self.entries,
            "notes": list(self.notes),
            "files": {"checkpoint": str(self.checkpoint)},
        }


@dataclass(frozen=True)
class Imports(Result):
    """The imported files."""

    imported: tuple[Imported, ...]

    def to_dict(self) -> dict[str, Json]:
        return {"imported": [each.to_dict() for each in self.imported]}

    def tables(self) -> Sequence[Table | str]:
        return [f"{each.file}: {each.summary}" for each in self.imported]


def import_quantammsim(
    files: Sequence[str], runs_dir: str, config_dir: str | None, monitor: Monitor
) -> Imports:
    """Store each file as a finished run.

    Raises StoreError for the first file that cannot be read or imported.
    """
    start_jax()
    load_components()
    store = Store(runs_dir)
    results = map(read_result, files)
    return Imports(tuple(_import(result, config_dir, monitor, store) for result in results))


def _import(result: Reference, config_dir: str | None, monitor: Monitor, store: Store) -> Imported:
    try:
        settings, _, specs, notes = imported_settings(result.settings, config_dir)
    except ConfigError as failure:
        raise StoreError(str(result.path), f"cannot be imported: {failure}") from failure
    if result.superseded:
        notes.append(
            f"{result.superseded} entries were superseded by a later start or resume; left out"
        )
    entries = _entries(result, settings, specs, notes)
    fingerprint, status = _save(result, settings, entries, notes, store)
    for note in notes:
        monitor.note(f"  {note}")
    sets, path = len(entries[0]["objective"]), store.path(fingerprint)
    return Imported(result.path, fingerprint, status, len(entries), sets, tuple(notes), path)


def _entries(
    result: Reference, settings: Train, specs: Sequence[Parameter], notes: list[str]
) -> list[Entry]:

    metric = settings.selection_metric
    unknown = set().union(*result.entries) - by_name(specs).keys()
    unknown -= _KNOWN_KEYS | _UNUSED_PARAMETERS
    left_out = [key for key in sorted(unknown) if not key.startswith(("train_", "validation_"))]
    notes += [f"{key}: the pool has no such parameter; left out" for key in left_out]
    missing = [spec for spec in specs if result.entries[0].keys().isdisjoint(spec.names)]
    if trainable(specs) & {spec.name for spec in missing}:
        names = " and ".join(spec.readable for spec in missing)
        raise StoreError(str(result.path), f"has no values of {names}, which this pool needs")
    entries = []
    for step, entry in zip(result.steps, result.entries, strict=True):
        try:
            entries.append(_entry(step, entry, settings, specs, metric))
        except (QsimError, TypeError, ValueError, KeyError) as failure:
            raise StoreError(
                str(result.path), f"entry of step {step} cannot be read: {failure}"
            ) from failure
    return entries


def _entry(
    step: int, entry: JsonObject, settings: Train, specs: Sequence[Parameter], metric: str
) -> Entry:
    """One step in the form of our runs."""
    assets = len(settings.tokens)
    sets = parameter_sets(settings)
    values, finite = {}, {}
    for name, spec in by_name(specs).items():
        if name in entry:
            values[name] = _in_sets(_numbers(entry[name]), spec.shape(assets), sets)
            finite[name] = np.where(np.isfinite(values[name]), values[name], 0.0)
    params = initial(specs, finite, sets, assets, 0.0, 0)
    for spec in specs:  # NaN where a number is not finite
        stored = [values[name] for name in spec.names if name in values]
        if stored:
            diverged = np.broadcast_to(~np.isfinite(stored[0]), params[spec.name].shape)
            params[spec.name] = np.where(diverged, np.nan, params[spec.name])
    objective = np.broadcast_to(_numbers(entry.get("objective", np.nan)).ravel(), sets)
    scores = {period: _scores(entry, period, sets, metric) for period in settings.periods}
    rate = _numbers(entry.get("local_learning_rate", np.nan)).ravel()
    since = _numbers(entry.get("iterations_since_improvement", 0)).ravel()
    return {
        "step": step,
        "params": params,
        "readable": in_force(specs, params),
        "objective": objective,
        "metrics": scores,
        "learning_rate": float(rate[0]) if rate.size else float("nan"),
        "since_improvement": int(since[0]) if since.size and np.isfinite(since[0]) else 0,
    }


def _in_sets(values: np.ndarray, shape: tuple[int, ...], sets: int) -> np.ndarray:
    """Values with an axis of sets and one of assets.

    A search writes no axis of sets; one number for all assets has no axis of assets.
    """
    if values.ndim != len(shape):
        return values
    if shape == (1,) and values.shape == (sets,):
        return values[:, None]
    return values[None]


def _numbers(value: Any) -> np.ndarray:
    """Numbers as an array; null becomes NaN."""
    return np.asarray(value, float)


def _scores(entry: JsonObject, period: str, sets: int, metric: str) -> dict[str, np.ndarray]:
    """The metrics of a period by our names, one number for each set.

    ``metric``, by which sets are selected, is always included; NaN if it is unknown.
    """
    scores: Any = next((entry[key] for key in PERIODS[period] if entry.get(key) is not None), [])
    if not isinstance(scores, list):
        scores = [scores] * sets
    table: dict[str, np.ndarray] = {metric: np.full(sets, np.nan)}
    for index, of_set in enumerate(scores[:sets]):
        for name, value in _scores_of_set(of_set, metric):
            table.setdefault(name, np.full(sets, np.nan))[index] = value
    prefix = f"{period}_"
    for key, number in entry.items():  # a trial of a search has one key for each metric
        if key.startswith(prefix) and isinstance(number, int | float):
            name = key.removeprefix(prefix)
            table.setdefault(METRICS.get(name, name), np.full(sets, np.nan))[:] = number
    return table


def _scores_of_set(scores: Any, metric: str) -> Iterator[tuple[str, float]]:
    """Metrics of one set; old files have a single number, that of ``metric``."""
    if isinstance(scores, dict):
        for name, value in scores.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield METRICS.get(str(name), str(name)), float(value)
    elif isinstance(scores, int | float):
        yield metric, float(scores)


def _save(
    result: Reference, settings: Train, entries: list[Entry], notes: list[str], store: Store
) -> tuple[str, str]:
    """Save the entries as a run named by the settings and the digest of the file.

    Returns the fingerprint, and ``new`` or ``reused``.
    """
    from quantamm_cli.settings.digest import sha256
    from quantamm_cli.training.selection import entries_to_keep
    from quantamm_cli.workflows.selection import scoreboard

    identity = settings.identity() | {"imported": result.sha256}
    origin: JsonObject = {
        "by": "quantammsim",
        "file": result.path.name,
        "sha256": result.sha256,
        "fingerprint": result.settings,
        "notes": notes,
    }
    with store.open(identity) as writer:
        if writer.status == "finished":
            return sha256(identity), "reused"
        places = entries_to_keep(scoreboard(entries, settings.selection_metric))
        selectable = [entries[place] for place in places]
        state = {"step": np.asarray(entries[-1]["step"])}
        details: JsonObject = {"qsim": __version__, "imported": origin}
        writer.save(entries, selectable, state, "finished", details)
    return sha256(identity), "new"
