"""Training of a strategy's float settings to the highest mean edge, with the same seeds for every
candidate (common random numbers).

Adam follows the gradient of the edge, which is computed through the whole simulation. If a finite
difference along the gradient clearly differs from it, the edge is not smooth, and CMA-ES is used:
it only ranks candidates, which one program simulates side by side. An arbitrage trade begins where
its profit reaches a least profit, and there the edge has no derivative. The gradient is therefore
computed with almost no least profit; all scores of candidates have the true one.
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
from quantamm_cli.competition.engine import make_plan
from quantamm_cli.competition.events import counts, list_events
from quantamm_cli.competition.lineup import arrange
from quantamm_cli.competition.market import MarketSettings, markets
from quantamm_cli.competition.play import entrants_of, play, rules_of
from quantamm_cli.competition.simulation import EventBatch, Plan, RuleNumbers
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

_STEP = 0.02
"""Step of the finite difference, in coordinates."""
_NO_LEAST = 1e-9
"""Least profit and notional, in Y, of arbitrage that has a derivative."""
_TOLERANCE = 0.5
"""Largest difference of gradient and finite difference, as a share of the larger."""


class Step(NamedTuple):
    """One step of a training."""

    number: int
    z: Numbers
    """Coordinates (n,)."""
    edge: float
    """Mean on the seeds of this step, in Y a seed."""


class Objective:
    """The mean edge of the strategy at ``place`` on seeds, as a function of coordinates."""

    def __init__(
        self, settings: Compete, place: int, coordinates: Sequence[Coordinate], seeds: Sequence[int]
    ) -> None:
        self.settings, self.place, self.seeds = settings, place, seeds
        self.coordinates = tuple(coordinates)

    def edges(self, candidates: Numbers, rows: slice = slice(None)) -> Numbers:
        """Edges (s, c) of candidates (c, n) on some of the seeds."""
        points = {self.place: values(self.coordinates, candidates)}
        return play(self.settings, self.seeds[rows], points).edge[:, :, self.place].T

    def gradient(self, z: Numbers, rows: slice = slice(None)) -> tuple[float, Numbers]:
        """The mean edge on some of the seeds, and its gradient, at coordinates (n,)."""
        plan, strategies, events, rule_numbers = self._inputs
        chosen = jax.tree.map(lambda leaf: leaf[..., rows], events)
        edge, gradient = _edge_and_gradient(
            plan, self.place, self.coordinates, strategies, chosen, rule_numbers, jnp.asarray(z)
        )
        return float(edge), np.asarray(gradient)

    @cached_property
    def _inputs(self) -> tuple[Plan, Any, EventBatch, RuleNumbers]:
        """The inputs of the simulation for all seeds, with the same room for events, so that one
        program serves every batch.
        """
        market = markets(
            MarketSettings.typed(self.settings.market), self.seeds, self.settings.steps
        )
        rules = replace(rules_of(self.settings), least_profit=_NO_LEAST, least_notional=_NO_LEAST)
        line_up, _ = arrange(entrants_of(self.settings), None)
        plan, rule_numbers = make_plan(line_up, rules, 1)
        count = counts(market, rules.epoch_length)
        events = list_events(market, np.arange(len(self.seeds)), count, int(count.max()))
        parts = (*events, market.normaliser_fee, market.normaliser_liquidity)
        return plan, line_up.strategies, EventBatch(*map(jnp.asarray, parts)), rule_numbers


def _batches(seeds: int, batch: int, steps: int) -> Iterator[slice]:
    """Batches of equal size, in turn; after the last the first again."""
    size = min(batch, seeds)
    for number in range(steps):
        first = number * size % (seeds - seeds % size)
        yield slice(first, first + size)


def follow_gradient(objective: Objective, batch: int, steps: int, rate: float) -> Iterator[Step]:
    """Adam on batches of the seeds, with a learning rate that falls to a tenth along a cosine."""
    schedule = optax.cosine_decay_schedule(rate, max(steps, 1), alpha=0.1)
    chain = optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(schedule))
    z = jnp.asarray(origins(objective.coordinates))
    state = chain.init(z)
    for number, rows in enumerate(_batches(len(objective.seeds), batch, steps)):
        edge, gradient = objective.gradient(np.asarray(z), rows)
        if not np.isfinite(gradient).all() or not np.isfinite(edge):
            raise DivergedError(
                argument("optimise"),
                f"the gradient is not finite at step {number}; set optimise.method=search, which "
                "needs none",
            )
        yield Step(number, np.asarray(z), edge)
        move, state = chain.update(jnp.asarray(gradient), state)
        z = jnp.asarray(optax.apply_updates(z, move))
    yield Step(steps, np.asarray(z), float("nan"))


def evolve(
    objective: Objective, batch: int, steps: int, width: float, seed: int = 0
) -> Iterator[Step]:
    """CMA-ES on the same batches: a generation a step."""
    z, count = jnp.asarray(origins(objective.coordinates)), len(objective.coordinates)
    population = max(8, default_population(count))
    constants, state = Constants.of(count, population), distribution(count, width)
    random = np.random.Generator(np.random.PCG64(seed))
    for number, rows in enumerate(_batches(len(objective.seeds), batch, steps)):
        drawn = random.standard_normal((population, count))
        root = axes(state.covariance).root
        scores = objective.edges(np.asarray(z + state.sigma * (drawn @ root)), rows).mean(0)
        yield Step(number, np.asarray(z), float(scores.max()))
        z, state = updated(constants, z, state, root, jnp.asarray(drawn), jnp.asarray(scores))
    yield Step(steps, np.asarray(z), float("nan"))


class GradientCheck(NamedTuple):
    """The slope of the edge along its gradient, by the gradient and by a finite difference of the
    true edge, in Y a unit of coordinates.
    """

    gradient: float
    difference: float

    @property
    def agree(self) -> bool:
        """Whether the gradient leads to a higher true edge."""
        larger = max(abs(self.gradient), abs(self.difference))
        return abs(self.gradient - self.difference) <= _TOLERANCE * larger


def check_gradient(objective: Objective, batch: int) -> GradientCheck:
    """The check at the start, on the first batch."""
    z, rows = origins(objective.coordinates), slice(0, min(batch, len(objective.seeds)))
    _, gradient = objective.gradient(z, rows)
    length = float(np.linalg.norm(gradient))
    if not np.isfinite(length) or length == 0:
        return GradientCheck(length, float("nan"))
    along = gradient / length
    candidates = np.stack([z + _STEP * along, z - _STEP * along])
    ahead, behind = objective.edges(candidates, rows).mean(0)
    return GradientCheck(length, float(ahead - behind) / (2 * _STEP))


def best_of(
    objective: Objective, steps: Sequence[Step], most: int = 16
) -> tuple[dict[str, float], Numbers]:
    """The settings of the step with the highest mean on all seeds by the true rules, among ``most``
    evenly spaced steps; and its edges (s,).
    """
    places = np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))
    candidates = np.stack([steps[place].z for place in places])
    edges = objective.edges(candidates)
    top = int(np.argmax(np.where(np.isfinite(edges.mean(0)), edges.mean(0), -np.inf)))
    settings = values(objective.coordinates, candidates[top])
    return {name: float(value) for name, value in settings.items()}, edges[:, top]


def best_fixed(settings: Compete, place: int, seeds: Sequence[int]) -> tuple[float, Numbers]:
    """The fixed fee, in whole bps, with the highest mean edge in the place of a strategy; and its
    edges (s,).
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
def _edge_and_gradient(
    plan: Plan,
    place: int,
    coordinates: tuple[Coordinate, ...],
    strategies: Any,
    events: EventBatch,
    rule_numbers: RuleNumbers,
    z: Array,
) -> tuple[Array, Array]:
    def mean_edge(z: Array) -> Array:
        trained = _with_settings(plan, place, coordinates, strategies, z)
        final = simulation(plan, trained, events, rule_numbers, differentiable=True)
        tally = final.pools.tally
        total = tally.arb_edge + tally.retail_edge
        row: Array = total[:, plan.order.index(place)]
        return row.mean()

    return jax.value_and_grad(mean_edge)(z)


def _with_settings(
    plan: Plan,
    place: int,
    coordinates: tuple[Coordinate, ...],
    strategies: tuple[Any, ...],
    z: Array,
) -> tuple[Any, ...]:
    """The strategies, with the settings of the one at ``place`` at coordinates."""
    changed = list(strategies)
    for index, group in enumerate(plan.groups):
        if place in group.members:
            row, strategy = group.members.index(place), strategies[index]
            parameters, new = strategy.parameters, {}
            for column, coordinate in enumerate(coordinates):
                values = parameters[coordinate.name]
                new[coordinate.name] = values.at[row].set(coordinate.value(z[column]))
            changed[index] = strategy.at(new)
    return tuple(changed)
