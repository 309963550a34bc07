"""The parameters of a pool: names, units and ranges, and how their raw,
readable and on-chain forms belong together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantamm_cli.core import params as parameters
from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import ParamValues
from quantamm_cli.evaluation.onchain_parameters import contract
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.training.base import Fit
from quantamm_cli.workflows.results import Result

if TYPE_CHECKING:
    import polars


class ParameterRow(NamedTuple):
    """One parameter: its readable and its raw name, unit, default, range and scale, whether it
    trains, how many numbers a set has.
    """

    name: str
    raw: str
    unit: str
    default: float | list[float]
    low: float
    high: float
    log: bool
    trains: bool
    numbers: int


@dataclass(frozen=True)
class ParameterTable(Result):
    """What a pool declares, for the tokens of its settings; a sequence of :class:`Parameter`."""

    settings: Simulate
    specs: tuple[Parameter, ...]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def __getitem__(self, name: str) -> Parameter:
        """By any of its names. Raises KeyError."""
        named = {other: spec for spec in self.specs for other in spec.names}
        if name not in named:
            raise KeyError(f"{name}{did_you_mean(name, named)}")
        return named[name]

    def raw(self, readable: ParamValues) -> dict[str, Numbers]:
        """Raw arrays of one set, of values under any of their names;
        what is left out has its default.

        Raises:
            ConfigError: unknown names, wrong shapes, values outside the domain.
        """
        sets = parameters.initial(self.specs, readable, 1, len(self.settings.tokens), 0.0, 0)
        return {name: values[0] for name, values in sets.items()}

    def readable(self, raw: Mapping[str, Numbers]) -> dict[str, Numbers]:
        """Readable values of raw ones, of one set or of many."""
        return parameters.readable(self.specs, raw)

    def onchain(self, raw: Mapping[str, Numbers]) -> dict[str, Numbers]:
        """What the contract takes for one raw set.

        Raises ConfigError for a pool that is no contract.
        """
        return contract(AbstractPool.typed(self.settings.pool), self.specs, self.readable(raw))

    def initial(self) -> dict[str, Numbers]:
        """The raw sets ``(sets, n)`` a training of these settings begins with;
        of a simulation its only one.
        """
        if not isinstance(self.settings, Train):
            return {name: values[None] for name, values in self.raw(self.settings.params).items()}
        fit, assets = Fit.typed(self.settings.fit), len(self.settings.tokens)
        return parameters.initial(
            self.specs,
            self.settings.params,
            fit.parameter_sets,
            assets,
            fit.noise_scale,
            fit.seed,
            fit.init,
        )

    def grid(self, points: int) -> dict[str, Numbers]:
        """So many values over the declared range of each parameter that trains,
        evenly on its scale, by readable name.
        """
        shares = np.linspace(0, 1, points)
        return {
            spec.readable: spec.between(shares)
            for spec in self.specs
            if spec.trainable and spec.low < spec.high
        }

    @property
    def rows(self) -> list[ParameterRow]:
        """One a parameter."""
        return [self._row(spec) for spec in self.specs]

    def _row(self, spec: Parameter) -> ParameterRow:
        default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        numbers = int(np.prod(spec.shape(len(self.settings.tokens))))
        return ParameterRow(
            spec.readable,
            spec.name,
            spec.unit,
            default,
            spec.low,
            spec.high,
            spec.log,
            spec.trainable,
            numbers,
        )

    def frame(self) -> "polars.DataFrame":
        """A row a parameter with the columns of :class:`ParameterRow`."""
        import polars

        return polars.DataFrame([row._asdict() for row in self.rows], strict=False)

    def to_dict(self) -> dict[str, Json]:
        return {"parameters": [row._asdict() for row in self.rows]}

    def tables(self) -> Sequence[Table | str]:
        heads = ("name", "unit", "default", "low", "high", "log", "trains", "numbers")
        rows = [
            [
                row.name,
                *row[2:6],
                "log" if row.log else "",
                "yes" if row.trains else "no",
                row.numbers,
            ]
            for row in self.rows
        ]
        names = [
            [spec.readable, spec.name, ", ".join(other.name for other in spec.spellings)]
            for spec in self.specs
        ]
        caption = f"parameters of pool={self.settings.pool.kind}"
        return [
            Table.of(caption, heads, rows),
            Table.of("other names", ("name", "raw", "also accepted"), names),
        ]


def parameter_table(settings: Simulate) -> ParameterTable:
    """The declared parameters of the pool of some settings."""
    return ParameterTable(
        settings, AbstractPool.typed(settings.pool).parameters(len(settings.tokens))
    )
