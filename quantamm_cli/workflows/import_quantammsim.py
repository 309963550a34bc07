"""Results of quantammsim as runs of ours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.config.components import load_components
from quantamm_cli.config.quantammsim_settings import METRICS, translated
from quantamm_cli.core.params import Parameter, initial, readable, trainable
from quantamm_cli.errors import ConfigError, QsimError, StoreError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.store.reference import Result as Reference
from quantamm_cli.store.reference import read_result
from quantamm_cli.store.runs import Entry, Store
from quantamm_cli.version import __version__
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax

PERIODS = {
    "train": ("train_objective",),
    "validation": ("validation_metrics",),
    "test": ("test_objective", "continuous_test_metrics"),
}
_TOLD = {
    "step",
    "objective",
    "hessian_trace",
    "local_learning_rate",
    "iterations_since_improvement",
    "subsidary_params",
}
_TOLD |= {
    "optuna_trial_number",
    "initial_reserves",
    *(key for told in PERIODS.values() for key in told),
}
_STARTS = {
    "initial_k_per_day": ("k_per_day", "k"),
    "initial_memory_length": ("memory_days", "memory_days_1", "memory_days_for_ewma"),
    "initial_weights_logits": ("initial_weights_logits",),
    "initial_log_amplitude": ("log_amplitude",),
    "initial_raw_width": ("raw_width",),
    "initial_raw_exponents": ("raw_exponents",),
    "initial_pre_exp_scaling": ("pre_exp_scaling",),
    "initial_price_ratio": ("price_ratio",),
    "initial_centeredness_margin": ("centeredness_margin",),
    "initial_shift_exponent": ("shift_exponent",),
    "rotation_angle": ("rotation_angle",),
    "alpha": ("alpha",),
    "beta": ("beta",),
    "lam": ("lam",),
}
"""Where its training began, in names that our parameters take."""


@dataclass(frozen=True)
class Imported:
    """A file of results, and the run that it became."""

    file: Path
    fingerprint: str
    status: str
    """``new`` or ``reused``."""
    entries: int
    sets: int
    notes: tuple[str, ...]
    """What could not be taken over as it was."""
    checkpoint: Path

    @property
    def said(self) -> str:
        """The run and its size, in one line."""
        return (
            f"run_{self.fingerprint[:12]}…, {self.entries} steps of {self.sets} "
            f"sets ({self.status})"
        )


@dataclass(frozen=True)
class Imports(Result):
    """What became of each file."""

    imported: tuple[Imported, ...]

    def to_dict(self) -> dict[str, Json]:
        return {"imported": [_told(each) for each in self.imported]}

    def tables(self) -> Sequence[Table | str]:
        return [f"{each.file}: {each.said}" for each in self.imported]


def import_quantammsim(
    files: Sequence[str], runs_dir: str, config_dir: str | None, monitor: Monitor
) -> Imports:
    """Each file as a finished run.

    Raises StoreError for the first that cannot be read or taken over.
    """
    start_jax()
    load_components()
    store = Store(runs_dir)
    return Imports(
        tuple(_imported(read_result(file), config_dir, monitor, store) for file in files)
    )


def _imported(
    result: Reference, config_dir: str | None, monitor: Monitor, store: Store
) -> Imported:
    try:
        settings, specs, notes = _settings(result, config_dir)
    except ConfigError as failure:
        raise StoreError(str(result.path), f"cannot be taken over: {failure}") from failure
    if result.superseded:
        notes.append(
            f"{result.superseded} entries were superseded by a later start or resume; left out"
        )
    entries = _entries(result, settings, specs, notes)
    fingerprint, status = _stored(result, settings, entries, notes, store)
    for note in notes:
        monitor.note(f"  {note}")
    sets = len(entries[0]["objective"])
    return Imported(
        result.path, fingerprint, status, len(entries), sets, tuple(notes), store.path(fingerprint)
    )


def _told(each: Imported) -> JsonObject:
    named = {
        "file": str(each.file),
        "run": f"run_{each.fingerprint}",
        "fingerprint": each.fingerprint,
        "status": each.status,
    }
    return {
        **named,
        "entries": each.entries,
        "notes": list(each.notes),
        "files": {"checkpoint": str(each.checkpoint)},
    }


def _settings(
    result: Reference, config_dir: str | None
) -> tuple[Train, tuple[Parameter, ...], list[str]]:
    """The settings in our words, the parameters they declare, and what could not be said."""
    from quantamm_cli.pools.base import AbstractPool

    tree, notes = translated(result.settings, config_dir)
    bare = decode(Train, _known(tree))
    specs = AbstractPool.typed(bare.pool).parameters(len(bare.tokens))
    tree["params"] = _starts(result.settings, specs)
    settings = decode(Train, _known(tree))
    initial(specs, settings.params, _sets(settings), len(settings.tokens), 0.0, 0)
    return settings, specs, notes


def _sets(settings: Train) -> int:
    from quantamm_cli.training.base import Fit

    return Fit.typed(settings.fit).parameter_sets


def _known(tree: JsonObject) -> JsonObject:
    """What names a run; what it reads besides prices is asked for when it is run."""
    return {name: value for name, value in tree.items() if name in Train.model_fields}


def _starts(told: JsonObject, specs: Sequence[Parameter]) -> dict[str, Json]:
    known = {name: spec for spec in specs for name in spec.names}
    found: dict[str, Json] = {}
    for name, ours in _STARTS.items():
        for other in ours if told.get(name) is not None else ():
            if other in known and not found.keys() & set(known[other].names):
                found[other] = told[name]
    length: Any = told.get("initial_memory_length")
    if "memory_days_2" in known and length is not None:
        found["memory_days_2"] = length + (told.get("initial_memory_length_delta") or 0.0)
    return found


def _entries(
    result: Reference, settings: Train, specs: Sequence[Parameter], notes: list[str]
) -> list[Entry]:
    from quantamm_cli.workflows.selection import selection_metric

    metric = selection_metric(settings)
    own = {name for spec in specs for name in spec.names}
    unused = {
        "logit_delta_lamb",
        "sp_pre_exp_scaling",
    }  # written by every rule that could have used them
    foreign = {key for entry in result.entries for key in entry} - own - _TOLD - unused
    notes += [
        f"{key}: the pool has no such parameter; left out"
        for key in sorted(foreign)
        if not key.startswith(("train_", "validation_"))
    ]
    missing = [
        spec.readable for spec in specs if not any(name in result.entries[0] for name in spec.names)
    ]
    if missing and trainable(specs) & {spec.name for spec in specs if spec.readable in missing}:
        raise StoreError(
            str(result.path), f"holds no {' and no '.join(missing)}, which this pool needs"
        )
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
    """One step as we keep it."""
    assets = len(settings.tokens)
    given = {name: _numbers(entry[name]) for spec in specs for name in spec.names if name in entry}
    sets = _sets(settings)
    shapes = {name: spec.shape(assets) for spec in specs for name in spec.names}
    given = {name: _in_sets(values, shapes[name], sets) for name, values in given.items()}
    # What ran away is not a number; it is put back after the names are ours.
    params = initial(
        specs,
        {name: np.where(np.isfinite(values), values, 0.0) for name, values in given.items()},
        sets,
        assets,
        0.0,
        0,
    )
    for spec in specs:
        lost = next((~np.isfinite(given[name]) for name in spec.names if name in given), None)
        if lost is not None:
            params[spec.name] = np.where(
                np.broadcast_to(lost, params[spec.name].shape), np.nan, params[spec.name]
            )
    objective = np.broadcast_to(_numbers(entry.get("objective", np.nan)).ravel(), sets)
    scores = {period: _scores(entry, period, sets, metric) for period in settings.periods}
    rate = _numbers(entry.get("local_learning_rate", np.nan)).ravel()
    since = _numbers(entry.get("iterations_since_improvement", 0)).ravel()
    return {
        "step": step,
        "params": params,
        "readable": readable(specs, params),
        "objective": objective,
        "metrics": scores,
        "learning_rate": float(rate[0]) if rate.size else float("nan"),
        "since_improvement": int(since[0]) if since.size and np.isfinite(since[0]) else 0,
    }


def _in_sets(values: np.ndarray, shape: tuple[int, ...], sets: int) -> np.ndarray:
    """Values with the axis of sets, which a search leaves out, and the axis of assets, which a
    number for all of them leaves out.
    """
    if values.ndim != len(shape):
        return values
    return values[:, None] if shape == (1,) and values.shape == (sets,) else values[None]


def _numbers(value: Any) -> np.ndarray:
    """Numbers, with null for what is not one."""
    return np.asarray(value, float)


def _scores(entry: JsonObject, period: str, sets: int, metric: str) -> dict[str, np.ndarray]:
    """The metrics of a period by our names, a number a set; the one that selects is always
    there, NaN if nobody knows it.
    """
    told: Any = next((entry[key] for key in PERIODS[period] if entry.get(key) is not None), [])
    table: dict[str, np.ndarray] = {metric: np.full(sets, np.nan)}
    for index, own in enumerate((told if isinstance(told, list) else [told] * sets)[:sets]):
        for name, value in _named(own, metric):
            table.setdefault(name, np.full(sets, np.nan))[index] = value
    prefix = f"{period}_"
    for name, number in entry.items():  # a trial of a search has them one by one
        if name.startswith(prefix) and isinstance(number, int | float):
            ours = METRICS.get(name.removeprefix(prefix), name.removeprefix(prefix))
            table.setdefault(ours, np.full(sets, np.nan))[:] = number
    return table


def _named(own: Any, metric: str) -> Iterator[tuple[str, float]]:
    """Metrics of one set; before they had names there was one number, that of the metric."""
    if isinstance(own, dict):
        for name, value in own.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield METRICS.get(str(name), str(name)), float(value)
    elif isinstance(own, int | float):
        yield metric, float(own)


def _stored(
    result: Reference, settings: Train, entries: list[Entry], notes: list[str], store: Store
) -> tuple[str, str]:
    """Save the entries under the settings and the file they come from; the fingerprint,
    and whether the run is new.
    """
    from quantamm_cli.settings.digest import sha256
    from quantamm_cli.training.selection import entries_to_keep
    from quantamm_cli.workflows.selection import scoreboard, selection_metric

    identity = settings.identity() | {"imported": result.sha256}
    made: JsonObject = {
        "by": "quantammsim",
        "file": result.path.name,
        "sha256": result.sha256,
        "fingerprint": result.settings,
        "notes": notes,
    }
    with store.open(identity) as writer:
        if writer.status == "finished":
            return sha256(identity), "reused"
        kept = [
            entries[index]
            for index in entries_to_keep(scoreboard(entries, selection_metric(settings)))
        ]
        state = {"step": np.asarray(entries[-1]["step"])}
        writer.save(entries, kept, state, "finished", {"qsim": __version__, "imported": made})
    return sha256(identity), "new"
