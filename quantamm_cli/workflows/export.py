"""A run's parameters as the contracts take them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.contracts import WEIGHTS
from quantamm_cli.core.params import readable
from quantamm_cli.errors import StoreError, argument
from quantamm_cli.evaluation.onchain_parameters import contract
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.run_tables import units_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.store.fixed_point18 import bd18, bd18_shares, write_export
from quantamm_cli.workflows.assessment import both_forms
from quantamm_cli.workflows.evaluate import Chosen
from quantamm_cli.workflows.results import Result

Layers = Sequence[Sequence[str]]
"""Whole multiples of 10^-18 as text, a row a layer."""


@dataclass(frozen=True)
class Export(Result):
    """Parameters of a chosen set in our form and in that of the contracts."""

    chosen: Chosen
    values: Mapping[str, Numbers]
    """The contracts' numbers by name, ``(n,)`` or ``(layers, n)``."""
    units: Mapping[str, Layers]
    """The same in units of 10^-18, always with layers."""
    file: str
    """The path of the JSON, once it is written."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """In the order of the numbers."""
        return self.chosen.settings.tokens

    def findings(self) -> dict[str, Json]:
        """What is written of it."""
        pool = AbstractPool.typed(self.chosen.settings.pool)
        return {
            **self.chosen.to_dict(),
            "tokens": self.tokens,
            "params": both_forms(pool.parameters(len(self.tokens)), self.chosen.selected.params),
            "values": {name: value.tolist() for name, value in self.values.items()},
            "strings": dict(map(self._strings, self.units)),
        }

    def _strings(self, name: str) -> tuple[str, Json]:
        return name, self.units[name] if self._layered(name) else self.units[name][0]

    def _layered(self, name: str) -> bool:
        return self.values[name].ndim > 1

    def to_dict(self) -> dict[str, Json]:
        return self.findings() | {"files": {"export": self.file}}

    def tables(self) -> Sequence[Table | str]:
        selected = self.chosen.selected
        which = f"{selected.method}: step {selected.step}, set {selected.set}"
        marks = "".join(f"\n{each}" for each in self.chosen.run.older)
        title = f"{self.chosen.run.name[:16]}  {which}, in units of 10^-18{marks}"
        rows = [
            (f"{name} {number}" if self._layered(name) else name, layer)
            for name, layers in self.units.items()
            for number, layer in enumerate(layers)
        ]
        return [units_table(title, self.tokens, rows)]


def export(chosen: Chosen) -> Export:
    """Write the parameters of a chosen set beside its run.

    Raises:
        ConfigError: a pool of pools, which is no contract.
        StoreError: a number is not finite, or the file cannot be written.
    """
    selected, run = chosen.selected, chosen.run
    pool = AbstractPool.typed(chosen.settings.pool)
    specs = pool.parameters(len(chosen.settings.tokens))
    values = contract(pool, specs, readable(specs, selected.params))
    for name, value in values.items():
        if not np.isfinite(value).all():
            where = f"step {selected.step}, set {selected.set}"
            cure = f"choose another with {argument('load')}"
            raise StoreError(str(run.path), f"{name} is not finite at {where}; {cure}")
    units = {name: _units(name, value) for name, value in values.items()}
    findings = Export(chosen, values, units, "").findings()
    written = write_export(run.folder, {"command": "export", **findings})
    return Export(chosen, values, units, str(written))


def _units(name: str, values: Numbers) -> Layers:
    layers: list[list[float]] = np.atleast_2d(values).tolist()
    if name == WEIGHTS.name:
        return [bd18_shares(layer) for layer in layers]
    return [[bd18(value) for value in layer] for layer in layers]
