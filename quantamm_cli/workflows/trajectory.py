"""A pool minute by minute, as arrays and as data frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core import types
from quantamm_cli.errors import QsimError
from quantamm_cli.evaluation.volumes import with_volumes
from quantamm_cli.kernels.operands import Volumes
from quantamm_cli.settings.types import minute

if TYPE_CHECKING:
    import polars

Numbers = NDArray[np.float64]
FLOWS = ("fees", "arbitrage_volume", "trade_volume", "refused")
"""The columns of a trajectory that are sums of a minute."""
_DAY = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """One row for each minute, one column for each token.

    ``unix`` (t,): ms since 1970 UTC. ``prices``, ``weights`` (shares of value), ``reserves`` (t,
    n). In the numeraire (t,): ``value``, and of that minute ``fees`` earned, ``arbitrage_volume``
    and ``trade_volume``: half of what came in and went out, at its prices, in arbitrage and in
    external trades. ``refused`` (t,): how many of those the pool refused.
    """

    tokens: tuple[str, ...]
    unix: NDArray[np.int64]
    prices: Numbers
    weights: Numbers
    reserves: Numbers
    value: Numbers
    fees: Numbers
    arbitrage_volume: Numbers
    trade_volume: Numbers
    refused: NDArray[np.int64]

    @classmethod
    def of(cls, tokens: tuple[str, ...], start: str, path: types.Trajectory) -> "Trajectory":
        """From a path whose first row is the minute ``start``."""
        unix = (minute(start) + np.arange(len(path.value), dtype=np.int64)) * 60_000
        columns = (path.prices, path.weights, path.reserves, path.value)
        return cls(tokens, unix, *(np.asarray(column, float) for column in columns), **flows(path))

    def __repr__(self) -> str:
        return f"<Trajectory: {len(self):,} minutes of {', '.join(self.tokens)}>"

    def __len__(self) -> int:
        return len(self.value)

    def frame(self) -> "polars.DataFrame":
        """A polars frame: ``unix``, ``value``, ``fees``, ``arbitrage_volume``, ``trade_volume``,
        ``refused``, and ``price_BTC``, ``weight_BTC``, ``reserves_BTC`` of each token.
        """
        import polars

        return polars.DataFrame({"unix": self.unix} | dict(self._columns()))

    def daily(self) -> "polars.DataFrame":
        """A polars frame of sums a day (UTC): ``unix`` of its midnight, ``fees``,
        ``arbitrage_volume``, ``trade_volume``, ``refused``.
        """
        import polars

        return polars.DataFrame(daily_sums(self.unix, self.flows))

    @property
    def flows(self) -> dict[str, NDArray[Any]]:
        """The columns that are of a minute, by name."""
        return {name: getattr(self, name) for name in FLOWS}

    def to_pandas(self) -> Any:
        """A pandas frame of the same columns under an index of UTC times. Needs pandas."""
        pandas = _library("pandas")
        times = pandas.to_datetime(self.unix, unit="ms", utc=True)
        return pandas.DataFrame(dict(self._columns()), index=pandas.Index(times, name="time"))

    def to_xarray(self) -> Any:
        """An xarray data set with dimensions ``time`` (UTC) and ``token``. Needs xarray."""
        xarray = _library("xarray")
        each = ("time", "token")
        variables = {
            "value": ("time", self.value),
            **{name: ("time", column) for name, column in self.flows.items()},
            "prices": (each, self.prices),
            "weights": (each, self.weights),
            "reserves": (each, self.reserves),
        }
        times = self.unix.astype("datetime64[ms]").astype("datetime64[ns]")
        return xarray.Dataset(variables, {"time": times, "token": list(self.tokens)})

    def _columns(self) -> Iterator[tuple[str, NDArray[Any]]]:
        yield "value", self.value
        yield from self.flows.items()
        tables = (("price", self.prices), ("weight", self.weights), ("reserves", self.reserves))
        for name, columns in tables:
            for index, token in enumerate(self.tokens):
                yield f"{name}_{token}", columns[:, index]


def flows(path: types.Trajectory) -> dict[str, NDArray[Any]]:
    """Fees, volumes and refused trades of each minute (t,), by the names in ``FLOWS``."""
    none = np.zeros(len(path.value))
    volumes = with_volumes(path).volumes or Volumes()
    refused = np.zeros(len(none), np.int64)
    if path.refused is not None:
        refused = np.asarray(path.refused, np.int64)
    columns = (np.asarray(path.fees, float), none + volumes.arbitrage, none + volumes.trades)
    return dict(zip(FLOWS, (*columns, refused), strict=True))


def summed(flow: NDArray[Any], every: int) -> NDArray[Any]:
    """Sums since the row before, for one row every ``every`` minutes, from the first on."""
    if every == 1:
        return flow
    ends = np.arange(0, len(flow), every) + 1
    return np.add.reduceat(flow[: ends[-1]], np.append(0, ends[:-1]))


def daily_sums(
    unix: NDArray[np.int64], flows: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """``unix`` of the midnight (UTC) that begins each day, and the sums of its minutes by name."""
    days, first = np.unique(unix // _DAY, return_index=True)
    sums = {name: np.add.reduceat(column, first) for name, column in flows.items()}
    return {"unix": days * _DAY, **sums}


def _library(name: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise QsimError(
            name,
            f"is not installed, and this needs it; pip install {name}, or use .frame(), which "
            "returns a polars frame",
        ) from None
