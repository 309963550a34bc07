"""A pool minute by minute, as arrays and as data frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core import types
from quantamm_cli.errors import QsimError
from quantamm_cli.settings.types import minute

if TYPE_CHECKING:
    import polars

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """One row for each minute, one column for each token.

    ``unix`` (t,): ms since 1970 UTC. ``prices``, ``weights`` (shares of value), ``reserves`` (t,
    n). In the numeraire: ``value``, and ``fees`` earned in that minute (t,).
    """

    tokens: tuple[str, ...]
    unix: NDArray[np.int64]
    prices: Numbers
    weights: Numbers
    reserves: Numbers
    value: Numbers
    fees: Numbers

    @classmethod
    def of(cls, tokens: tuple[str, ...], start: str, path: types.Trajectory) -> "Trajectory":
        """From a path whose first row is the minute ``start``."""
        unix = (minute(start) + np.arange(len(path.value), dtype=np.int64)) * 60_000
        columns = (path.prices, path.weights, path.reserves, path.value, path.fees)
        return cls(tokens, unix, *(np.asarray(column, float) for column in columns))

    def __repr__(self) -> str:
        return f"<Trajectory: {len(self):,} minutes of {', '.join(self.tokens)}>"

    def __len__(self) -> int:
        return len(self.value)

    def frame(self) -> "polars.DataFrame":
        """A polars frame: ``unix``, ``value``, ``fees``, and ``price_BTC``, ``weight_BTC``,
        ``reserves_BTC`` of each token.
        """
        import polars

        return polars.DataFrame({"unix": self.unix} | dict(self._columns()))

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
            "fees": ("time", self.fees),
            "prices": (each, self.prices),
            "weights": (each, self.weights),
            "reserves": (each, self.reserves),
        }
        times = self.unix.astype("datetime64[ms]").astype("datetime64[ns]")
        return xarray.Dataset(variables, {"time": times, "token": list(self.tokens)})

    def _columns(self) -> Iterator[tuple[str, Numbers]]:
        yield from (("value", self.value), ("fees", self.fees))
        tables = (("price", self.prices), ("weight", self.weights), ("reserves", self.reserves))
        for name, columns in tables:
            for index, token in enumerate(self.tokens):
                yield f"{name}_{token}", columns[:, index]


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
