"""Single precision: every pool, as a user would ask for it, beside double precision.

The table is what a user may rely on: the largest relative difference of value over three days of
minutes, and the largest difference of a weight. Loops that add up a minute's trade at a time lose
more than closed forms, whose sums are double.
"""

from typing import Any

import jax
import numpy as np
import pytest
from compiling import FOR_USERS
from kinds import DAY, assets_of, components, opening, small, world
from numpy.typing import NDArray

from quantamm_cli.engine.forward import simulate

pytestmark = pytest.mark.versions
ROWS = 3 * DAY
FREE: dict[str, float] = {}
FEE = {"fee": 0.003}
VALUE = {"free": 2e-5, "costly": 3e-4}
"""Relative, by whether trading is free."""
WEIGHTS = 2e-4
LOOSER = {"gyroscope": 10.0, "reclamm": 10.0}
"""Concentrated pools magnify rounding of prices by how concentrated they are."""
ONE_THREAD = {"xla_cpu_parallel_codegen_split_count": 1}
RUN = {
    "float64": jax.jit(simulate, static_argnames="rows"),
    "float32": jax.jit(simulate, static_argnames="rows", compiler_options=FOR_USERS | ONE_THREAD),
}
"""Single precision as users have it, but compiled by one thread. The last digits of double
precision make no difference here, so its programs are compiled quickly."""
CASES = [(name, FREE) for name in components("pool")]
CASES += [(name, FEE) for name in components("pool") if small("pool", name).takes_frictions]


def differences(
    pool: Any, prices: NDArray[np.float64], fees: dict[str, float]
) -> tuple[float, float]:
    """Of value, relative, and of weights, between the precisions."""
    assets = assets_of(pool)
    found = []
    for precision in ("float64", "float32"):
        feed = world(pool, prices[:, :assets], precision=precision, **fees)
        params = {
            name: np.asarray(value, precision)
            for name, value in opening(pool, assets, k_per_day=1.0).items()
        }
        path = RUN[precision](pool, params, feed, 0, ROWS)
        assert all(leaf.dtype == precision for leaf in jax.tree.leaves(path))
        found.append((np.asarray(path.value, np.float64), np.asarray(path.weights, np.float64)))
    (value, weights), (value32, weights32) = found
    return float(np.abs(value32 / value - 1).max()), float(np.abs(weights32 - weights).max())


@pytest.mark.parametrize(
    ("name", "fees"), CASES, ids=[f"{name}-{'costly' if fees else 'free'}" for name, fees in CASES]
)
def test_single_precision_is_near_double(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """Every pool, within the table; all of it is computed in single precision."""
    pool = small("pool", name)
    value, weights = differences(pool, prices, fees)
    loose = LOOSER.get(name, 1.0)
    assert value < loose * VALUE["costly" if fees or pool.charges else "free"]
    assert weights < loose * WEIGHTS
    assert value > 0
