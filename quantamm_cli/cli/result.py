"""The JSON object that train, evaluate and simulate share, and the files it names."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.core import params as parameters
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Trajectory
from quantamm_cli.settings.types import minute


class Watch:
    """Seconds spent, by what for."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """What passed since the last lap was for ``name``."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._since, 3)
        self._since = now

    def split(self, name: str, seconds: float, rest: str) -> None:
        """Since the last lap ``seconds`` were for ``name``, and what else passed for ``rest``."""
        self.lap(rest)
        self.seconds[name] = round(seconds, 3)
        self.seconds[rest] = round(self.seconds[rest] - seconds, 3)


def both_forms(specs: tuple[Parameter, ...], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Raw and readable parameters of one set."""
    readable = parameters.readable(specs, raw)
    return {
        "raw": {name: _listed(value) for name, value in raw.items()},
        "readable": {name: _listed(value) for name, value in readable.items()},
    }


def _listed(value: Any) -> Any:
    return np.asarray(value, float).tolist()


def write_trajectory(path: Path, start: str, trajectory: Trajectory, every: int) -> str:
    """``trajectory.npz``, one row every ``every`` minutes; the path that opens it from here."""
    from quantamm_cli.store.trajectory import write_arrays

    rows = len(trajectory.value)
    arrays = {name: np.asarray(getattr(trajectory, name), float)[::every] for name in ("prices", "weights", "reserves", "value")}
    write_arrays(path, unix=((minute(start) + np.arange(rows, dtype=np.int64)) * 60_000)[::every], **arrays)
    return str(path)
