"""Runs a competition: strategies, a market and rules in, an outcome out.

Simulations of about the same length run side by side in the lanes of one program, batch by batch,
and are put back in their order. Lanes are independent: the result of a simulation depends neither
on the other simulations of its batch nor on the number of devices.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from quantamm_cli.competition import capital
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.batches import SHARDING, event_batches
from quantamm_cli.competition.lineup import LineUp, arrange
from quantamm_cli.competition.outcome import make_outcome
from quantamm_cli.competition.simulation import EventBatch, FinalState, Plan, RuleNumbers, play
from quantamm_cli.competition.types import Entrant, Market, Outcome, Points, Rules
from quantamm_cli.engine.devices import SETS, SHARED, shard

_OPTIONS = {"xla_cpu_prefer_vector_width": 512}
"""For processors with vectors of that width; others use the width they have."""


def compete(
    entrants: Sequence[Entrant],
    market: Market,
    rules: Rules,
    points: Points | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """What each strategy and the normaliser earn, simulation by simulation.

    ``points`` adds values of strategies' settings as lanes of the same program, and puts an axis of
    points in front of every array of the outcome. ``progress`` is called after each batch with the
    number of simulations that are done.

    Raises:
        ConfigError: an invalid line-up, rules or points.
    """
    line_up, count = arrange(entrants, points)
    capital.check(rules.floor, len(entrants))
    plan, rule_numbers = make_plan(line_up, rules, count)
    batches = event_batches(market, rules.epoch_length, count)
    program = _program(plan, batches.on)
    running = ((program(line_up.strategies, batch, rule_numbers), size) for batch, size in batches)
    results: list[FinalState] = []
    for final, size in _one_ahead(running):
        results.append(_on_host(final, size))
        if progress is not None:
            progress(sum(len(part.pools.x) for part in results))
    in_order = np.argsort(batches.order)
    joined = jax.tree.map(lambda *parts: np.concatenate(parts)[in_order], *results)
    return make_outcome(joined, plan, market, points is not None)


def _one_ahead(running: Iterable[tuple[FinalState, int]]) -> Iterator[tuple[FinalState, int]]:
    """The same in order, each after the next was started: devices compute while we fetch."""
    previous: tuple[FinalState, int] | None = None
    for current in running:
        if previous is not None:
            yield previous
        previous = current
    if previous is not None:
        yield previous


def _on_host(final: FinalState, size: int) -> FinalState:
    """Host arrays without the padding."""
    fetched: FinalState = jax.tree.map(lambda leaf: np.asarray(leaf)[:size], final)
    return fetched


def make_plan(line_up: LineUp, rules: Rules, points: int) -> tuple[Plan, RuleNumbers]:
    """The rules that shape the program, and those that are numbers to it."""
    noise_temperature = rules.temperature is None
    plan = Plan(
        line_up.groups, points, rules.epoch_length, rules.score, rules.weights, noise_temperature
    )
    least = Least(np.float64(rules.least_profit), np.float64(rules.least_notional))
    return plan, RuleNumbers(
        np.asarray(rules.base, float),
        least,
        np.float64(rules.temperature or 0.0),
        np.float64(rules.floor),
        np.float64(rules.risk_aversion),
    )


@cache
def _program(plan: Plan, on: Mesh | None) -> Callable[[Any, EventBatch, RuleNumbers], FinalState]:
    def work(strategies: Any, batch: EventBatch, rule_numbers: RuleNumbers) -> FinalState:
        return play(plan, strategies, batch, rule_numbers)

    return jax.jit(shard(on, work, (SHARED, SHARDING, SHARED), SETS), compiler_options=_OPTIONS)
