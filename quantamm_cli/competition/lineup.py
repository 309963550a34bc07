"""A line-up prepared for the engine: strategies of one class grouped, their float settings as
arrays over strategies and parameter points.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from quantamm_cli.competition.strategy import MOST_STATE, Strategy
from quantamm_cli.competition.types import MOST_STRATEGIES, Entrant, Floats, Points
from quantamm_cli.errors import ConfigError


class Group(NamedTuple):
    """Strategies that are computed together. ``members`` are their places in the line-up."""

    members: tuple[int, ...]
    curve: bool
    smooth: bool
    hears_steps: bool
    hears_swaps: bool
    hears_epochs: bool

    @property
    def may_change(self) -> bool:
        """Whether its fees can change."""
        return self.hears_steps or self.hears_swaps or self.hears_epochs


class LineUp(NamedTuple):
    """Curves first, then constant-product pools. The normaliser's row, the last, is not in it."""

    groups: tuple[Group, ...]
    strategies: tuple[Any, ...]
    """One for each group, with leaves ``(g, p)``."""

    @property
    def order(self) -> tuple[int, ...]:
        """The place in the line-up of each row."""
        return tuple(member for group in self.groups for member in group.members)


def arrange(entrants: Sequence[Entrant], points: Points | None) -> tuple[LineUp, int]:
    """The line-up, and the number of parameter points (1 without ``points``).

    Raises:
        ConfigError: too many or no entrants, one that is no strategy,
            or points that fit no setting.
    """
    if not 1 <= len(entrants) <= MOST_STRATEGIES:
        raise ConfigError(
            "strategies",
            f"got {len(entrants)} strategies; a competition takes 1 to {MOST_STRATEGIES}",
        )
    count = _count_points(entrants, points)
    for entrant in entrants:
        check(entrant)
    strategies = [
        _at_points(entrant.strategy, (points or {}).get(place, {}), count)
        for place, entrant in enumerate(entrants)
    ]
    alike: dict[Any, list[int]] = {}
    for place, strategy in enumerate(strategies):
        shapes = tuple(np.shape(leaf) for leaf in jax.tree.leaves(strategy))
        alike.setdefault((jax.tree.structure(strategy), shapes), []).append(place)
    groups = [_group(entrants[places[0]].strategy, tuple(places)) for places in alike.values()]
    groups.sort(key=lambda group: not group.curve)
    stacked = []
    for group in groups:
        members = (strategies[place] for place in group.members)
        stacked.append(jax.tree.map(lambda *leaves: np.stack(leaves), *members))
    return LineUp(tuple(groups), tuple(stacked)), count


def check(entrant: Entrant) -> None:
    """Check a strategy's methods before anything is computed.

    Raises:
        ConfigError: it is no strategy, gives neither fees nor quote, or its state is too large.
    """
    strategy, where = entrant.strategy, f"strategies.{entrant.name}"
    name = type(strategy).__name__
    if not isinstance(strategy, Strategy):
        raise ConfigError(where, f"{name} is not a subclass of Strategy")
    if not strategy.is_curve and type(strategy).fees is Strategy.fees:
        raise ConfigError(where, f"{name} gives neither fees nor quote; define one of them")
    size = state_size(strategy)
    if size > MOST_STATE:
        raise ConfigError(where, f"its state has {size} numbers; at most {MOST_STATE} are allowed")


def state_size(strategy: Strategy) -> int:
    """How many numbers its state has."""
    leaves = jax.tree.leaves(jax.eval_shape(_initial_state, strategy))
    return sum(math.prod(leaf.shape) for leaf in leaves)


@jax.jit  # so that JAX traces it only once for each class
def _initial_state(strategy: Any) -> Any:
    return strategy.init()


def _group(strategy: Strategy, members: tuple[int, ...]) -> Group:
    hooks = strategy.hears_steps, strategy.hears_swaps, strategy.hears_epochs
    if state_size(strategy) == 0:  # a hook returns nothing but a state
        hooks = False, False, False
    return Group(members, strategy.is_curve, strategy.smooth, *hooks)


def _count_points(entrants: Sequence[Entrant], points: Points | None) -> int:
    lengths = set()
    for place, settings in (points or {}).items():
        if not 0 <= place < len(entrants):
            raise ConfigError(
                "points", f"there is no entrant {place}; there are {len(entrants)}, from 0"
            )
        for name, values in settings.items():
            if name not in entrants[place].strategy.parameters:
                where = f"points.{entrants[place].name}.{name}"
                raise ConfigError(where, "is not a float setting of the strategy")
            lengths.add(np.shape(values)[:1])
    if len(lengths) > 1 or () in lengths:
        raise ConfigError("points", "each setting needs a list of values, all of one length")
    return int(lengths.pop()[0]) if lengths else 1


def _at_points(strategy: Strategy, settings: Mapping[str, Floats], count: int) -> Strategy:
    """The strategy with leaves ``(p,)``."""
    changed = strategy.at({name: np.asarray(values, float) for name, values in settings.items()})
    at_points: Strategy = jax.tree.map(
        lambda leaf: np.broadcast_to(np.asarray(leaf, float), (count,)), changed
    )
    return at_points
