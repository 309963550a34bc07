"""A competition: strategies, a market, rules; what came of it.

Simulations that take about as long run side by side in lanes of one program, batch by batch, and
are put back in their order. A lane knows nothing of the others: what a simulation gives depends on
neither its company nor the number of devices.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from quantamm_cli.competition import capital
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.batches import SHARDING, laid_out
from quantamm_cli.competition.lineup import LineUp, arranged
from quantamm_cli.competition.outcome import assembled
from quantamm_cli.competition.simulation import EventBatch, Left, Numbers, Plan, play
from quantamm_cli.competition.types import Entrant, Market, Outcome, Points, Rules
from quantamm_cli.engine.devices import SETS, SHARED
from quantamm_cli.engine.devices import shard as over_devices


def compete(
    entrants: Sequence[Entrant],
    market: Market,
    rules: Rules,
    points: Points | None = None,
    told: Callable[[int], None] | None = None,
) -> Outcome:
    """What each strategy and the normaliser earn, simulation by simulation.

    ``points`` runs further values of strategies' settings as lanes of the same program, and puts an
    axis of points in front of everything. ``told`` is called with the number of simulations done,
    again and again.

    Raises:
        ConfigError: a line-up, rules or points that make no sense.
    """
    line_up, count = arranged(entrants, points)
    capital.check(rules.floor, len(entrants))
    plan, numbers = planned(line_up, rules, count)
    batches = laid_out(market, rules.epoch_length, count)
    program = _program(plan, batches.on)
    left: list[Left] = []
    running: tuple[Left, int] | None = None
    for one in chain(batches, [None]):
        before = running
        if one is not None:
            running = program(line_up.strategies, one[0], numbers), one[1]
        if before is not None:  # the next batch is on its way while we wait for this one
            left.append(_fetched(*before))
            if told is not None:
                told(sum(len(part.pools.x) for part in left))
    joined = jax.tree.map(lambda *parts: np.concatenate(parts)[np.argsort(batches.order)], *left)
    return assembled(joined, plan, market, points is not None)


def _fetched(left: Left, kept: int) -> Left:
    """On the host, without the padding."""
    fetched: Left = jax.tree.map(lambda leaf: np.asarray(leaf)[:kept], left)
    return fetched


def planned(line_up: LineUp, rules: Rules, points: int) -> tuple[Plan, Numbers]:
    """What of the rules shapes the program, and what are numbers to it."""
    plan = Plan(
        line_up.groups,
        points,
        rules.epoch_length,
        rules.score,
        rules.weights,
        rules.temperature is None,
    )
    least = Least(np.float64(rules.least_profit), np.float64(rules.least_notional))
    numbers = (
        np.float64(value) for value in (rules.temperature or 0.0, rules.floor, rules.risk_aversion)
    )
    return plan, Numbers(np.asarray(rules.base, float), least, *numbers)


@cache
def _program(plan: Plan, on: Mesh | None) -> Callable[[Any, EventBatch, Numbers], Left]:
    def work(strategies: Any, batch: EventBatch, numbers: Numbers) -> Left:
        return play(plan, strategies, batch, numbers)

    options = {
        "xla_cpu_prefer_vector_width": 512
    }  # where there are vectors of that width; others are as wide as they are
    return jax.jit(
        over_devices(on, work, (SHARED, SHARDING, SHARED), SETS), compiler_options=options
    )
