"""A line-up made ready to compute: like strategies together, their float settings as arrays over
strategies and parameter points.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from quantamm_cli.competition.strategy import MOST_STATE, Strategy
from quantamm_cli.competition.types import MOST_STRATEGIES, Entrant, Floats, Points
from quantamm_cli.errors import ConfigError


class Group(NamedTuple):
    """Strategies that one program serves. ``members`` are their places in the line-up."""

    members: tuple[int, ...]
    curve: bool
    smooth: bool
    hears_steps: bool
    hears_swaps: bool
    hears_epochs: bool

    @property
    def may_change(self) -> bool:
        """Whether anything can change what it asks."""
        return self.hears_steps or self.hears_swaps or self.hears_epochs


class LineUp(NamedTuple):
    """Curves first, then constant-product pools; after them comes the normaliser."""

    groups: tuple[Group, ...]
    strategies: tuple[Any, ...]
    """One for each group, with leaves ``(g, p)``."""

    @property
    def order(self) -> tuple[int, ...]:
        """The place in the line-up of each row."""
        return tuple(member for group in self.groups for member in group.members)


def arranged(entrants: Sequence[Entrant], points: Points | None) -> tuple[LineUp, int]:
    """The line-up, and how many parameter points there are (1 where none are given).

    Raises:
        ConfigError: too many or no entrants, one that is no strategy,
            or points that fit no setting.
    """
    if not 1 <= len(entrants) <= MOST_STRATEGIES:
        raise ConfigError(
            "strategies",
            f"{len(entrants)} of them; a competition is between 1 and {MOST_STRATEGIES}",
        )
    count = _points(entrants, points)
    for entrant in entrants:
        check(entrant)
    strategies = [
        _pointed(entrant.strategy, (points or {}).get(place, {}), count)
        for place, entrant in enumerate(entrants)
    ]
    alike: dict[Any, list[int]] = {}
    for place, strategy in enumerate(strategies):
        shapes = tuple(np.shape(leaf) for leaf in jax.tree.leaves(strategy))
        alike.setdefault((jax.tree.structure(strategy), shapes), []).append(place)
    groups = [_group(entrants[places[0]].strategy, tuple(places)) for places in alike.values()]
    groups.sort(key=lambda group: not group.curve)
    stacked = tuple(
        jax.tree.map(
            lambda *leaves: np.stack(leaves), *(strategies[place] for place in group.members)
        )
        for group in groups
    )
    return LineUp(tuple(groups), stacked), count


def check(entrant: Entrant) -> None:
    """Raises:
    ConfigError: the strategy's methods do not fit together, before anything is computed.
    """
    strategy, where = entrant.strategy, f"strategies.{entrant.name}"
    if not isinstance(strategy, Strategy):
        raise ConfigError(where, f"a {type(strategy).__name__} is no Strategy")
    if not strategy.is_curve and type(strategy).fees is Strategy.fees:
        raise ConfigError(where, f"{type(strategy).__name__} gives neither fees nor quote")
    size = sum(np.size(leaf) for leaf in jax.tree.leaves(strategy.init()))
    if size > MOST_STATE:
        raise ConfigError(where, f"a state of {size} numbers; at most {MOST_STATE}")


def _group(strategy: Strategy, members: tuple[int, ...]) -> Group:
    heard = strategy.hears_steps, strategy.hears_swaps, strategy.hears_epochs
    return Group(members, strategy.is_curve, strategy.smooth, *heard)


def _points(entrants: Sequence[Entrant], points: Points | None) -> int:
    lengths = set()
    for place, settings in (points or {}).items():
        if not 0 <= place < len(entrants):
            raise ConfigError(
                "points", f"there is no entrant {place}; there are {len(entrants)}, from 0"
            )
        for name, values in settings.items():
            if name not in entrants[place].strategy.parameters:
                raise ConfigError(
                    f"points.{entrants[place].name}.{name}",
                    "is not a setting with a decimal number",
                )
            lengths.add(np.shape(values)[:1])
    if len(lengths) > 1 or () in lengths:
        raise ConfigError("points", "each setting needs a list of values, all of one length")
    return int(lengths.pop()[0]) if lengths else 1


def _pointed(strategy: Strategy, settings: Mapping[str, Floats], count: int) -> Strategy:
    """The strategy with leaves ``(p,)``."""
    changed = strategy.at({name: np.asarray(values, float) for name, values in settings.items()})
    pointed: Strategy = jax.tree.map(
        lambda leaf: np.broadcast_to(np.asarray(leaf, float), (count,)), changed
    )
    return pointed
