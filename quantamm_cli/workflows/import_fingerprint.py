"""Turns a fingerprint of quantammsim, its settings of a run, into our settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quantamm_cli.config.components import load_components
from quantamm_cli.config.experiment import Experiments
from quantamm_cli.config.quantammsim_settings import translated
from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.errors import ConfigError, StoreError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.store.reference import read_fingerprint
from quantamm_cli.workflows.grid_axes import by_name
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result

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
"""Settings of a training's initial values, and the names of our parameters that take them."""
_DEFAULTS: JsonObject = {
    "rule": "mean_reversion_channel",
    "tokens": ["BTC", "ETH", "USDC"],
    "startDateString": "2023-01-01 00:00:00",
    "endDateString": "2023-06-01 00:00:00",
    "endTestDateString": None,
    "initial_k_per_day": 20,
    "initial_memory_length": 10.0,
    "initial_weights_logits": 1.0,
    "initial_log_amplitude": 0.0,
    "initial_raw_width": 0.0,
    "initial_raw_exponents": 0.0,
    "initial_pre_exp_scaling": 0.5,
    "initial_price_ratio": 4.0,
    "initial_centeredness_margin": 0.2,
    "initial_shift_exponent": 1.0,
}
"""quantammsim's values of settings that a fingerprint leaves out; its other defaults are ours."""
_SAID = ("rule", "tokens", "startDateString", "endDateString")
"""Settings of which a note says that the default is used."""


@dataclass(frozen=True)
class ImportedSettings(Result):
    """The settings of a fingerprint, as the text of a file of settings and as a tree."""

    yaml: str
    tree: JsonObject
    remarks: tuple[str, ...]
    """What has no counterpart here, and which defaults are used."""

    def to_dict(self) -> dict[str, Json]:
        return {"config": self.tree, "notes": list(self.remarks)}

    def tables(self) -> Sequence[Table | str]:
        return [self.yaml]


def import_fingerprint(file: str, config_dir: str | None, monitor: Monitor) -> ImportedSettings:
    """The settings of a fingerprint in a JSON file, or of a result file of quantammsim.

    Raises StoreError if the file cannot be read or its settings have no counterpart.
    """
    load_components()
    fingerprint = read_fingerprint(file)
    absent = [name for name in _DEFAULTS if fingerprint.get(name) is None]
    fingerprint |= {name: _DEFAULTS[name] for name in absent}
    try:
        imported = imported_settings(fingerprint, config_dir)
    except ConfigError as failure:
        raise StoreError(file, f"cannot be imported: {failure}") from failure
    used = [name for name in _SAID if name in absent]
    defaults = [f"{name}: not given; quantammsim's {_DEFAULTS[name]} is used" for name in used]
    notes = (*defaults, *imported.notes)
    for note in notes:
        monitor.note(f"  {note}")
    text = Experiments().text(imported.tree, [f"settings of quantammsim in {file}", *notes])
    return ImportedSettings(text.rstrip("\n"), imported.tree, notes)


class Translation(NamedTuple):
    """Settings by our names."""

    settings: Train
    tree: JsonObject
    """The settings as composed, before values are checked."""
    specs: tuple[Parameter, ...]
    """The parameters that the pool declares."""
    notes: list[str]
    """What could not be translated."""


def imported_settings(fingerprint: JsonObject, config_dir: str | None) -> Translation:
    """Our settings for those of a fingerprint.

    Raises ConfigError for a pool, a metric or a value that has no counterpart.
    """
    from quantamm_cli.pools.base import AbstractPool

    tree, notes = translated(fingerprint, config_dir)
    without_params = decode(Train, _known(tree))
    pool = AbstractPool.typed(without_params.pool)
    specs = pool.parameters(len(without_params.tokens))
    tree["params"] = _starts(fingerprint, specs)
    settings = decode(Train, _known(tree))
    tree |= {"start": settings.start, "end": settings.end, "test_end": settings.test_end}
    initial(specs, settings.params, parameter_sets(settings), len(settings.tokens), 0.0, 0)
    return Translation(settings, _known(tree), specs, notes)


def parameter_sets(settings: Train) -> int:
    """The number of parameter sets of the fit."""
    from quantamm_cli.training.base import Fit

    return Fit.typed(settings.fit).parameter_sets


def _known(tree: JsonObject) -> JsonObject:
    """The settings of a training, without other top-level keys of the tree."""
    return {name: value for name, value in tree.items() if name in Train.model_fields}


def _starts(settings: JsonObject, specs: Sequence[Parameter]) -> dict[str, Json]:
    """The initial values of a training, by names of our parameters."""
    declared = by_name(specs)
    params: dict[str, Json] = {}
    for key, names in _STARTS.items():
        if settings.get(key) is None:
            continue
        for name in names:
            if name in declared and not params.keys() & set(declared[name].names):
                params[name] = settings[key]
    length = settings.get("initial_memory_length")
    if "memory_days_2" in declared and isinstance(length, int | float):
        delta = settings.get("initial_memory_length_delta")
        params["memory_days_2"] = length + (delta if isinstance(delta, int | float) else 0.0)
    return params
