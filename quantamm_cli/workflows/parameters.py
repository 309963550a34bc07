"""The parameters of a pool: names, units, ranges, and raw, readable and on-chain forms."""

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
from quantamm_cli.workflows.grid_axes import by_name
from quantamm_cli.workflows.results import Result

if TYPE_CHECKING:
    import polars


class ParameterRow(NamedTuple):
    """One parameter: readable and raw name, unit, default, range and scale, whether it trains, and
    how many numbers one set has.
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
    """The declared parameters of a pool with its tokens; a sequence of :class:`Parameter`."""

    settings: Simulate
    specs: tuple[Parameter, ...]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def __getitem__(self, name: str) -> Parameter:
        """The parameter of any of its names. Raises KeyError."""
        named = by_name(self.specs)
        if name not in named:
            raise KeyError(f"{name}{did_you_mean(name, named)}")
        return named[name]

    def raw(self, readable: ParamValues) -> dict[str, Numbers]:
        """Raw arrays of one set, from values under any of their names.

        A parameter that is left out has its default.

        Raises:
            ConfigError: unknown names, wrong shapes, values outside the domain.
        """
        sets = parameters.initial(self.specs, readable, 1, len(self.settings.tokens), 0.0, 0)
        return {name: values[0] for name, values in sets.items()}

    def readable(self, raw: Mapping[str, Numbers]) -> dict[str, Numbers]:
        """Readable values of raw ones, for one set or many."""
        return parameters.readable(self.specs, raw)

    def onchain(self, raw: Mapping[str, Numbers]) -> dict[str, Numbers]:
        """The numbers of the contract for one raw set.

        Raises ConfigError for a pool that has no contract.
        """
        return contract(AbstractPool.typed(self.settings.pool), self.specs, self.readable(raw))

    def initial(self) -> dict[str, Numbers]:
        """The raw sets ``(sets, n)`` with which a training starts; one set for a simulation."""
        if not isinstance(self.settings, Train):
            return {name: values[None] for name, values in self.raw(self.settings.params).items()}
        settings = self.settings
        fit, assets = Fit.typed(settings.fit), len(settings.tokens)
        sets, noise = fit.parameter_sets, fit.noise_scale
        return parameters.initial(
            self.specs, settings.params, sets, assets, noise, fit.seed, fit.init
        )

    def grid(self, points: int) -> dict[str, Numbers]:
        """``points`` values over the declared range of each parameter that trains.

        They are evenly spaced on the parameter's scale; the keys are readable names.
        """
        shares = np.linspace(0, 1, points)
        return {
            spec.readable: spec.between(shares)
            for spec in self.specs
            if spec.trainable and spec.low < spec.high
        }

    @property
    def rows(self) -> list[ParameterRow]:
        """One row per parameter."""
        return [self._row(spec) for spec in self.specs]

    def _row(self, spec: Parameter) -> ParameterRow:
        default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        return ParameterRow(
            name=spec.readable,
            raw=spec.name,
            unit=spec.unit,
            default=default,
            low=spec.low,
            high=spec.high,
            log=spec.log,
            trains=spec.trainable,
            numbers=int(np.prod(spec.shape(len(self.settings.tokens)))),
        )

    def frame(self) -> "polars.DataFrame":
        """One row per parameter, with the columns of :class:`ParameterRow`."""
        import polars

        return polars.DataFrame([row._asdict() for row in self.rows], strict=False)

    def to_dict(self) -> dict[str, Json]:
        return {"parameters": [row._asdict() for row in self.rows]}

    def tables(self) -> Sequence[Table | str]:
        heads = ("name", "unit", "default", "low", "high", "log", "trains", "numbers")
        rows = []
        for row in self.rows:
            flags = ["log" if row.log else "", "yes" if row.trains else "no"]
            rows.append([row.name, *row[2:6], *flags, row.numbers])
        names = []
        for spec in self.specs:
            others = ", ".join(other.name for other in spec.spellings)
            names.append([spec.readable, spec.name, others])
        caption = f"parameters of pool={self.settings.pool.kind}"
        return [
            Table.of(caption, heads, rows),
            Table.of("other names", ("name", "raw", "also accepted"), names),
        ]


def parameter_table(settings: Simulate) -> ParameterTable:
    """The declared parameters of the pool of some settings."""
    pool = AbstractPool.typed(settings.pool)
    return ParameterTable(settings, pool.parameters(len(settings.tokens)))
