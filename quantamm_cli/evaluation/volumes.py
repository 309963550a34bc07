"""The volumes of a path that does not count them."""

from typing import Any

import numpy as np

from quantamm_cli.core.types import Trajectory
from quantamm_cli.kernels.operands import Volumes


def with_volumes(path: Trajectory) -> Trajectory:
    """The path with its volumes. Of a frictionless one every change of the reserves is arbitrage;
    before its first row nothing is known, so that it has none there.
    """
    if path.volumes is not None:
        return path
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused by name
        moved = np.abs(np.diff(path.reserves, axis=0)) * np.asarray(path.prices)[1:]
    arbitrage: Any = np.append(0.0, moved.sum(-1) / 2)
    return path._replace(volumes=Volumes(arbitrage, 0 * arbitrage))
