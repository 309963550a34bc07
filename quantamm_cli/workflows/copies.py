"""Copies of the trajectory of a result, or of the points of a grid, in a file of the user's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from quantamm_cli.errors import ArgumentError
from quantamm_cli.store.tables import TABLES, write_table
from quantamm_cli.store.trajectory import read_arrays, write_arrays
from quantamm_cli.workflows.trajectory import FLOWS

_ARRAYS = ".npz"
_TOKEN_COLUMNS = {"prices": "price", "weights": "weight", "reserves": "reserves"}


def check_out(file: str | None, arrays: bool = True) -> None:
    """Raise ArgumentError, before anything is computed, if a file has no known ending.

    ``arrays``: whether it may be a ``.npz``.
    """
    known = (*[_ARRAYS] * arrays, *TABLES)
    if file is not None and Path(file).suffix not in known:
        raise ArgumentError("out", f"'{file}' does not end in {', '.join(known)}")


def copy_trajectory(trajectory: str, tokens: Sequence[str], file: str) -> str:
    """Write the rows of a ``trajectory.npz`` to a file of the form that its ending says.

    A table has ``unix``, ``value``, fees, volumes, refused trades, and ``price_BTC``,
    ``weight_BTC``, ``reserves_BTC`` of each token. Returns the path.
    """
    path, arrays = Path(file).expanduser(), read_arrays(trajectory)
    if path.suffix == _ARRAYS:
        write_arrays(path, **arrays)
    else:
        write_table(path, _rows(arrays, tokens))
    return str(path)


def copy_columns(columns: Mapping[str, np.ndarray], file: str) -> str:
    """Write columns to a table of the form that the ending of the file says; returns its path."""
    path = Path(file).expanduser()
    write_table(path, columns)
    return str(path)


def _rows(arrays: Mapping[str, np.ndarray], tokens: Sequence[str]) -> dict[str, np.ndarray]:
    columns = {name: arrays[name] for name in ("unix", "value", *FLOWS)}
    for name, prefix in _TOKEN_COLUMNS.items():
        for index, token in enumerate(tokens):
            columns[f"{prefix}_{token}"] = arrays[name][:, index]
    return columns
