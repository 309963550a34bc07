"""What a run left of its pool, as plain numbers: in the JSON of a result, and in the settings of a
run that goes on from there.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from quantamm_cli.core.types import Left
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Numbers, Simulate

PREFIX = "left:"
"""Names in ``initial_state`` that begin with it are of a pool that another run left."""
_SKIPPED = "skipped"
_WHOLE = ("phase", "lag", _SKIPPED)
"""Counts of minutes."""


class Start(NamedTuple):
    """Where a run takes a pool up.

    ``skipped``: the rows, of which the first is the one it was left at, that the earlier run has
    computed. ``lag``: minutes from the price that its block of weights answers to the first row.
    """

    left: Left
    skipped: int
    lag: int


def goes_on(settings: Simulate) -> bool:
    """Whether a run takes up a pool that another one left."""
    return any(name.startswith(PREFIX) for name in settings.initial_state)


def start_of(settings: Simulate) -> Start | None:
    """Where a run takes a pool up; ``None``: it opens a new one.

    Raises:
        ConfigError: what the other run left is not complete.
    """
    if not goes_on(settings):
        return None
    tree: Any = {}
    for name, value in settings.initial_state.items():
        *path, last = name.removeprefix(PREFIX).split(":")
        node = tree
        for key in path:
            node = node.setdefault(key, {})
        node[last] = value
    try:
        skipped = int(tree.pop(_SKIPPED))
        left = _left(tree)
        return Start(left, skipped, int(left.lag))
    except (KeyError, TypeError, ValueError) as failure:
        raise ConfigError("state", f"is not what a run leaves of its pool ({failure})") from None


def _left(tree: Mapping[str, Any]) -> Left:
    values: Any = {name: value for name, value in tree.items() if name != "parts"}
    for name in ("estimators", "memory"):
        values[name] = {key: _array(item) for key, item in tree.get(name, {}).items()}
    for name in ("reserves", "weights", "slope", "next"):
        if name in tree:
            values[name] = _array(tree[name])
    for name in ("phase", "lag"):
        values[name] = int(tree[name])
    return Left(**values, parts={key: _left(part) for key, part in tree.get("parts", {}).items()})


def _array(values: Any) -> np.ndarray:
    return np.asarray(values, float)


def nested(left: Left, skipped: int) -> dict[str, Json]:
    """The numbers of a pool, by name; what it does not have is left out."""
    return {_SKIPPED: skipped, **_nested(left)}


def _nested(left: Left) -> dict[str, Json]:
    tree: dict[str, Json] = {"phase": int(left.phase), "lag": int(left.lag)}
    for name in ("reserves", "weights", "slope", "next"):
        column = getattr(left, name)
        if column is not None:
            tree[name] = _array(column).tolist()
    for name in ("estimators", "memory"):
        columns = {key: _array(column).tolist() for key, column in getattr(left, name).items()}
        if columns:
            tree[name] = columns
    if left.parts:
        tree["parts"] = {name: _nested(part) for name, part in left.parts.items()}
    return tree


def flat(tree: Mapping[str, Any], prefix: str = PREFIX) -> dict[str, Numbers]:
    """The same numbers as ``initial_state`` has them."""
    state: dict[str, Numbers] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            state |= flat(value, f"{prefix}{name}:")
        else:
            state[prefix + name] = _tuples(value)
    return state


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else float(value)


def like(left: Left, other: Left) -> bool:
    """Whether two pools remember the same, by name and shape."""
    return bool(_shapes(left) == _shapes(other))


def _shapes(left: Left) -> Any:
    leaves, tree = jax.tree.flatten(left)
    return tree, [tuple(np.shape(leaf)) for leaf in leaves]
