"""A competition: strategies, a market, rules; what came of it.

Simulations that take about as long run side by side in lanes of one program, chunk by chunk, and are put back in their order. A lane
knows nothing of the others: what a simulation gives depends on neither its company nor the number of devices.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from numpy.typing import NDArray

from quantamm_cli.compete import capital
from quantamm_cli.compete.arbitrage import Least
from quantamm_cli.compete.events import counts, events
from quantamm_cli.compete.lineup import LineUp, arranged
from quantamm_cli.compete.outcome import assembled
from quantamm_cli.compete.season import Left, Numbers, Plan, Street, play
from quantamm_cli.compete.types import Entrant, Market, Outcome, Points, Rules
from quantamm_cli.engine.devices import SETS, SHARED, mesh, placed
from quantamm_cli.engine.devices import spread as over_devices

LANES = 512
"""Lanes a device computes at once: their state fits its cache, and the loop's own cost is small beside theirs."""
_EVEN = 16
"""Simulations are padded to a multiple, so that the processor's vectors leave no remainder."""
_EVENTS = PartitionSpec(None, None, "sets")
_LIES: Any = Street(_EVENTS, _EVENTS, PartitionSpec(None, "sets"), SETS, SETS)  # type: ignore[arg-type]
"""How what happens lies on the devices: cut along the simulations."""


def compete(
    entrants: Sequence[Entrant],
    market: Market,
    rules: Rules,
    points: Points | None = None,
    told: Callable[[int], None] | None = None,
) -> Outcome:
    """What each strategy and the normaliser earn, simulation by simulation.

    ``points`` runs further values of strategies' settings as lanes of the same program, and puts an axis of points in front of
    everything. ``told`` is called with the number of simulations done, again and again.

    Raises:
        ConfigError: a line-up, rules or points that make no sense.
    """
    line_up, count = arranged(entrants, points)
    capital.check(rules.floor, len(entrants))
    plan, numbers = planned(line_up, rules, count)
    events_of = counts(market, rules.epoch_length)
    order = np.argsort(-events_of.sum(1), kind="stable")
    width, on = _chunks(len(order), count)
    room = _rounded(int(events_of.max()))
    program = _program(plan, on)
    left: list[Left] = []
    running: tuple[Left, int] | None = None
    for begin in [*range(0, len(order), width), None]:
        before = running
        if begin is not None:
            chosen = order[begin : begin + width]
            street = _street(market, chosen, events_of[chosen], room, width, on)
            running = program(line_up.strategies, street, numbers), len(chosen)
        if before is not None:  # the next chunk is on its way while we wait for this one
            left.append(_fetched(*before))
            if told is not None:
                told(sum(len(part.pools.x) for part in left))
    joined = jax.tree.map(lambda *parts: np.concatenate(parts)[np.argsort(order)], *left)
    return assembled(joined, plan, market, points is not None)


def _fetched(left: Left, kept: int) -> Left:
    """On the host, without the padding."""
    fetched: Left = jax.tree.map(lambda leaf: np.asarray(leaf)[:kept], left)
    return fetched


def planned(line_up: LineUp, rules: Rules, points: int) -> tuple[Plan, Numbers]:
    """What of the rules shapes the program, and what are numbers to it."""
    plan = Plan(line_up.groups, points, rules.epoch_length, rules.score, rules.weights, rules.temperature is None)
    values = jnp.asarray([rules.temperature or 0.0, rules.floor, rules.risk_aversion, rules.least_profit, rules.least_notional], float)
    return plan, Numbers(jnp.asarray(rules.base, float), Least(values[3], values[4]), *values[:3])


def _chunks(simulations: int, points: int) -> tuple[int, Mesh | None]:
    """How many simulations run side by side, and the devices that share them."""
    devices = len(jax.local_devices())
    width = max(_EVEN, LANES // points // _EVEN * _EVEN)
    least = -(-simulations // devices)
    width = min(width, -(-least // _EVEN) * _EVEN) * devices
    return width, mesh(width, 1)


def _rounded(events: int) -> int:
    """Room for events: a little more than there are, so that other markets of the size take the same program."""
    step = 1 << max(4, events.bit_length() - 4)
    return -(-events // step) * step


def _street(market: Market, chosen: NDArray[np.int64], count: NDArray[np.int32], room: int, width: int, on: Mesh | None) -> Street:
    """The chosen simulations on the devices, padded with the first of them with nothing in it."""
    listed = events(market, chosen, count, room)
    missing = width - len(chosen)

    def padded(values: NDArray[Any], fill: float) -> NDArray[Any]:
        return np.concatenate([values, np.full((*values.shape[:-1], missing), fill, values.dtype)], -1) if missing else values

    columns: tuple[NDArray[Any], ...] = (
        listed.price,
        listed.order,
        listed.events,
        market.normaliser_fee[chosen],
        market.normaliser_liquidity[chosen],
    )
    filled = [padded(values, fill) for values, fill in zip(columns, (-1.0, 0.0, 0.0, 0.0, 1.0), strict=True)]
    return Street(*(placed(on, lies, values) for lies, values in zip(_LIES, filled, strict=True)))


@cache
def _program(plan: Plan, on: Mesh | None) -> Callable[[Any, Street, Numbers], Left]:
    def work(strategies: Any, street: Street, numbers: Numbers) -> Left:
        return play(plan, strategies, street, numbers)

    options = {"xla_cpu_prefer_vector_width": 512}  # where there are vectors of that width; others are as wide as they are
    return jax.jit(over_devices(on, work, (SHARED, _LIES, SHARED), SETS), compiler_options=options)
