"""Writes a run's parameters in the form of the contracts."""

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
from quantamm_cli.workflows.inputs import Bound, stored_bound
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import report_missed

Layers = Sequence[Sequence[str]]
"""Integers in units of 10^-18 as text, one row per layer."""


@dataclass(frozen=True)
class Export(Result):
    """The parameters of a chosen set, in the form of qsim and of the contracts."""

    chosen: Chosen
    values: Mapping[str, Numbers]
    """The numbers of the contracts by name, ``(n,)`` or ``(layers, n)``."""
    units: Mapping[str, Layers]
    """The same numbers in units of 10^-18, always with layers."""
    file: str
    """The path of the JSON; empty until it is written."""
    bound: Bound
    """What the run was made from."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens, in the order of the numbers."""
        return self.chosen.settings.tokens

    def findings(self) -> dict[str, Json]:
        """The content of the JSON file."""
        pool = AbstractPool.typed(self.chosen.settings.pool)
        specs = pool.parameters(len(self.tokens))
        return {
            **self.chosen.to_dict(),
            "tokens": self.tokens,
            "params": both_forms(specs, self.chosen.selected.params),
            "values": {name: value.tolist() for name, value in self.values.items()},
            "strings": {name: self._strings(name) for name in self.units},
            **self.bound.to_dict(),
        }

    def _strings(self, name: str) -> Json:
        layers = self.units[name]
        return layers if self._layered(name) else layers[0]

    def _layered(self, name: str) -> bool:
        return self.values[name].ndim > 1

    def to_dict(self) -> dict[str, Json]:
        return self.findings() | {"files": {"export": self.file}}

    def tables(self) -> Sequence[Table | str]:
        run = self.chosen.run
        title = f"{run.name[:16]}  {self.chosen.selection.summary}, in units of 10^-18"
        rows: list[tuple[str, Sequence[str]]] = []
        for name, layers in self.units.items():
            for number, layer in enumerate(layers):
                label = f"{name} {number}" if self._layered(name) else name
                rows.append((label, layer))
        caption = [title, *map(str, run.older), *self.bound.lines]
        return [units_table("\n".join(caption), self.tokens, rows)]


def export(chosen: Chosen, other_data: bool = False, monitor: Monitor | None = None) -> Export:
    """Write the parameters of a chosen set beside its run.

    ``other_data``: go on although an input of the run has changed. Inputs that cannot be read are
    noted.

    Raises:
        DataError: an input of the run has changed since it was made.
        ConfigError: the pool consists of several pools, for which there is no contract.
        StoreError: a number is not finite, or the file cannot be written.
    """
    selected, run, monitor = chosen.selected, chosen.run, monitor or Monitor()
    report_missed(selected, chosen.settings, monitor)
    pool = AbstractPool.typed(chosen.settings.pool)
    specs = pool.parameters(len(chosen.settings.tokens))
    values = contract(pool, specs, readable(specs, selected.params))
    for name, value in values.items():
        if not np.isfinite(value).all():
            where = f"step {selected.step}, set {selected.set}"
            hint = f"choose another with {argument('load')}"
            raise StoreError(str(run.path), f"{name} is not finite at {where}; {hint}")
    units = {name: _units(name, value) for name, value in values.items()}
    sources = stored_bound(run, chosen.settings, other_data, monitor)
    findings = Export(chosen, values, units, "", sources).findings()
    written = write_export(run.folder, {"command": "export", **findings})
    return Export(chosen, values, units, str(written), sources)


def _units(name: str, values: Numbers) -> Layers:
    layers: list[list[float]] = np.atleast_2d(values).tolist()
    if name == WEIGHTS.name:
        return list(map(bd18_shares, layers))
    return [list(map(bd18, layer)) for layer in layers]
