"""Training a strategy's float settings to the mean edge, on common random numbers:
the same seeds for every candidate.

Where the edge is smooth its gradient, taken through the whole simulation, climbs (Adam); where it
is not, which is seen from a finite difference along it, ranks of candidates do (CMA-ES), all of
them lanes of one program. A trade that begins only when it is worth a least profit has no
derivative there, so the gradient is that of arbitrage without one; candidates are judged with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from quantamm_cli.competition.coordinates import Coordinate, origins, values
from quantamm_cli.competition.engine import planned
from quantamm_cli.competition.events import counts, events
from quantamm_cli.competition.lineup import arranged
from quantamm_cli.competition.market import MarketSettings, markets
from quantamm_cli.competition.play import entrants, play, rules
from quantamm_cli.competition.simulation import EventBatch, Plan
from quantamm_cli.competition.simulation import Numbers as Rules
from quantamm_cli.competition.simulation import play as simulation
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.errors import DivergedError, argument
from quantamm_cli.settings.compete import Compete
from quantamm_cli.training.covariance import (
    Constants,
    axes,
    default_population,
    distribution,
    updated,
)

_NEAR = 0.02
"""Step of the finite difference, in coordinates."""
_NOTHING = 1e-9
_AGREES = 0.5
"""How far gradient and finite difference may be apart, as a share of the larger."""


class Step(NamedTuple):
    """One step of a training."""

    number: int
    z: Numbers
    """Coordinates (n,)."""
    edge: float
    """Mean on the seeds of this step, in Y a seed."""


class Aim:
    """The mean edge of the strategy at ``place`` on seeds, as a function of coordinates."""

    def __init__(
        self, settings: Compete, place: int, found: Sequence[Coordinate], seeds: Sequence[int]
    ) -> None:
        self.settings, self.place, self.found, self.seeds = settings, place, tuple(found), seeds

    def edges(self, candidates: Numbers, some: slice = slice(None)) -> Numbers:
        """Edges (s, c) of candidates (c, n) on some of the seeds."""
        points = {self.place: values(self.found, candidates)}
        return play(self.settings, self.seeds[some], points).edge[:, :, self.place].T

    def slope(self, z: Numbers, some: slice = slice(None)) -> tuple[float, Numbers]:
        """The mean edge on some of the seeds and its gradient, at coordinates (n,)."""
        plan, strategies, events, numbers = self._laid_out
        chosen = jax.tree.map(lambda leaf: leaf[..., some], events)
        edge, slope = _slope(
            plan, self.place, self.found, strategies, chosen, numbers, jnp.asarray(z)
        )
        return float(edge), np.asarray(slope)

    @cached_property
    def _laid_out(self) -> tuple[Plan, Any, EventBatch, Rules]:
        """All seeds side by side, with one room for events, so that one
        program serves every batch.
        """
        market = markets(
            MarketSettings.typed(self.settings.market), self.seeds, self.settings.steps
        )
        told = replace(rules(self.settings), least_profit=_NOTHING, least_notional=_NOTHING)
        line_up, _ = arranged(entrants(self.settings), None)
        plan, numbers = planned(line_up, told, 1)
        count = counts(market, told.epoch_length)
        listed = events(market, np.arange(len(self.seeds)), count, int(count.max()))
        parts = (*listed, market.normaliser_fee, market.normaliser_liquidity)
        return plan, line_up.strategies, EventBatch(*(jnp.asarray(part) for part in parts)), numbers


def _batches(seeds: int, batch: int, steps: int) -> Iterator[slice]:
    """Batches of one size, one after the other, around and around."""
    size = min(batch, seeds)
    return (
        slice(first, first + size)
        for first in (number * size % (seeds - seeds % size) for number in range(steps))
    )


def climbed(aim: Aim, batch: int, steps: int, rate: float) -> Iterator[Step]:
    """Adam on batches of the seeds, with a rate that falls to a tenth along a cosine."""
    schedule = optax.cosine_decay_schedule(rate, max(steps, 1), alpha=0.1)
    chain = optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(schedule))
    z = jnp.asarray(origins(aim.found))
    state = chain.init(z)
    for number, some in enumerate(_batches(len(aim.seeds), batch, steps)):
        edge, slope = aim.slope(np.asarray(z), some)
        if not np.isfinite(slope).all() or not np.isfinite(edge):
            raise DivergedError(
                argument("optimise"),
                f"the gradient is not finite at step {number}; optimise.method=search needs none",
            )
        yield Step(number, np.asarray(z), edge)
        move, state = chain.update(jnp.asarray(slope), state)
        z = jnp.asarray(optax.apply_updates(z, move))
    yield Step(steps, np.asarray(z), float("nan"))


def searched(aim: Aim, batch: int, steps: int, width: float, seed: int = 0) -> Iterator[Step]:
    """CMA-ES on the same batches: a generation a step."""
    z, count = jnp.asarray(origins(aim.found)), len(aim.found)
    population = max(8, default_population(count))
    constants, now = Constants.of(count, population), distribution(count, width)
    random = np.random.Generator(np.random.PCG64(seed))
    for number, some in enumerate(_batches(len(aim.seeds), batch, steps)):
        drawn = random.standard_normal((population, count))
        root = axes(now.covariance).root
        scores = aim.edges(np.asarray(z + now.sigma * (drawn @ root)), some).mean(0)
        yield Step(number, np.asarray(z), float(scores.max()))
        z, now = updated(constants, z, now, root, jnp.asarray(drawn), jnp.asarray(scores))
    yield Step(steps, np.asarray(z), float("nan"))


class Slopes(NamedTuple):
    """What the gradient says that a step along it brings, and what it does bring,
    in Y a unit of coordinates.
    """

    gradient: float
    difference: float

    @property
    def agree(self) -> bool:
        """Whether the one can be climbed by the other."""
        return abs(self.gradient - self.difference) <= _AGREES * max(
            abs(self.gradient), abs(self.difference)
        )


def slopes(aim: Aim, batch: int) -> Slopes:
    """At the beginning, on the first batch."""
    z, some = origins(aim.found), slice(0, min(batch, len(aim.seeds)))
    _, slope = aim.slope(z, some)
    length = float(np.linalg.norm(slope))
    if not np.isfinite(length) or length == 0:
        return Slopes(length, float("nan"))
    along = slope / length
    ahead, behind = aim.edges(np.stack([z + _NEAR * along, z - _NEAR * along]), some).mean(0)
    return Slopes(length, float(ahead - behind) / (2 * _NEAR))


def best_of(aim: Aim, steps: Sequence[Step], most: int = 16) -> tuple[dict[str, float], Numbers]:
    """The settings of the step, of ``most`` that lie evenly, with the highest mean on all the
    seeds, by the true rules; its edges (s,).
    """
    places = np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))
    candidates = np.stack([steps[place].z for place in places])
    edges = aim.edges(candidates)
    top = int(np.argmax(np.where(np.isfinite(edges.mean(0)), edges.mean(0), -np.inf)))
    return {
        name: float(value) for name, value in values(aim.found, candidates[top]).items()
    }, edges[:, top]


def best_fixed(settings: Compete, place: int, seeds: Sequence[int]) -> tuple[float, Numbers]:
    """The fixed fee in bps, to a whole one, with the highest mean edge in the place of a
    strategy; its edges (s,).
    """
    fee, _ = _best_fee(settings, place, seeds, np.arange(5.0, 201.0, 5.0))
    return _best_fee(settings, place, seeds, fee + np.arange(-4.0, 5.0))


def _best_fee(
    settings: Compete, place: int, seeds: Sequence[int], fees: Numbers
) -> tuple[float, Numbers]:
    edge = play(settings, seeds, {place: {"fee_bps": fees}}).edge[:, :, place]
    top = int(np.argmax(edge.mean(1)))
    return float(fees[top]), edge[top]


@partial(jax.jit, static_argnums=(0, 1, 2))
def _slope(
    plan: Plan,
    place: int,
    found: tuple[Coordinate, ...],
    strategies: Any,
    events: EventBatch,
    numbers: Rules,
    z: Array,
) -> tuple[Array, Array]:
    def mean_edge(z: Array) -> Array:
        left = simulation(
            plan, _pointed(plan, place, found, strategies, z), events, numbers, differentiable=True
        )
        tally = left.pools.tally
        total = tally.arb_edge + tally.retail_edge
        row: Array = total[:, plan.order.index(place)]
        return row.mean()

    return jax.value_and_grad(mean_edge)(z)


def _pointed(
    plan: Plan, place: int, found: tuple[Coordinate, ...], strategies: tuple[Any, ...], z: Array
) -> tuple[Any, ...]:
    """The strategies, one with its settings at coordinates."""
    pointed = list(strategies)
    for index, group in enumerate(plan.groups):
        if place in group.members:
            row, strategy = group.members.index(place), strategies[index]
            there = strategy.parameters
            pointed[index] = strategy.at(
                {
                    one.name: there[one.name].at[row].set(one.value(z[column]))
                    for column, one in enumerate(found)
                }
            )
    return tuple(pointed)
