"""Two days of a pool of constant weights, under fees and trades that are chosen by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from kinds import tree
from numpy.typing import NDArray

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.core.types import Trajectory
from quantamm_cli.engine.forward import simulate
from quantamm_cli.settings.run import Simulate
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.simulator import Simulator

START, ROWS = 1_609_545_600, 2 * 1440
"""In seconds since 1970: 2021-01-02; in minutes."""
TOKENS = ("BTC", "ETH")
_WORDS = ("pool=balancer", "start=2021-01-02", "end=2021-01-04", "data.burn_in_days=0")
_TREE = Composer("simulate", (f"tokens=[{','.join(TOKENS)}]", *_WORDS)).tree()

_run = jax.jit(simulate, static_argnames="rows")


def settings(tokens: Sequence[str] = TOKENS, **chosen: tuple[str, Mapping[str, Any]]) -> Simulate:
    """A simulation; of each group a name and changes of its settings: ``fees=("flat", {"fee": 0.01})``."""
    parts = {group: tree(group, name, **changes) for group, (name, changes) in chosen.items()}
    return read_settings(Simulate, _TREE | {"tokens": list(tokens)} | parts)


def path(chosen: Simulate) -> Trajectory:
    """What the pool does, a row a minute."""
    found = Simulator(chosen, load_market(chosen, chosen.end))
    return Trajectory(
        *jax.tree.map(np.asarray, tuple(_run(found.pool, found.params, found.feed, 0, ROWS)))
    )


def traded(found: Trajectory) -> NDArray[np.bool_]:
    """The minutes but the first, and whether reserves change in them by more than rounding."""
    moves = np.abs(np.diff(np.log(found.reserves), axis=0)).max(-1)
    return np.asarray(moves > 1e-13)


def invariant(found: Trajectory) -> NDArray[np.float64]:
    """The logarithm of the mean of reserves that trades without fees keep, a row a minute."""
    return np.asarray(np.log(found.reserves).mean(-1))
