"""A market with a best memory that is known, and trials on it whose other settings are a nuisance.

The price trends up and down in turn, for 40 days each time, give or take a third. White noise and a
deviation that is halved in 1.5 days lie over it. ``momentum`` with a short memory follows the
noise, with a long one it comes too late: the best memory is a fixed share of a trend's length,
whatever the path. ``best_memory`` finds it by a dense scan through the engine.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import quantamm_cli as qsim
from quantamm_cli.core.bijectors import Memory
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.tuning.space import Choices, Range

CYCLES, CYCLE_DAYS, BURN_IN_DAYS = 12, 80, 120
DAYS, HOURS = BURN_IN_DAYS + CYCLES * CYCLE_DAYS, 24
TREND_DAYS, DRIFT, NOISE = 40, 0.006, 0.006
"""Days of a trend; log return and its deviation a day."""
DEVIATION, HALF_LIFE_DAYS = 0.03, 1.5
"""Of the log price from its path."""
PATH, BEST = 2008, 13.1
"""The path on which studies run, and its best memory, which is that of other paths, too."""
METRIC = "daily_log_sharpe"
SPACE: Mapping[str, Range | Choices] = {
    "params.memory_days": Range(0.01, 365.0, True, None, False),
    "fit.learning_rate": Range(0.001, 1.0, True, None, False),
    "fit.noise_scale": Range(0.01, 1.0, True, None, False),
    "fit.batch_size": Choices((4, 8, 16)),
}
"""All memories that a pool takes, and the settings of ``space=training``."""
TRAINING_NOISE = 0.3
"""Deviation of a cycle's score from one training to another, in units of the metric."""
Score = Callable[[Mapping[str, Any], int], float]
"""The score of a trial's values in a cycle, counted from 0."""


def prices(path: int, days: int = DAYS) -> NDArray[np.float64]:
    """A price for each minute, which changes once an hour."""
    random, hours = np.random.default_rng(path), days * HOURS
    trends = int(2 * days / TREND_DAYS) + 10
    lengths = random.uniform(0.7, 1.3, trends) * TREND_DAYS * HOURS
    turns = lengths.cumsum() - random.uniform(0, TREND_DAYS * HOURS)
    falling = np.searchsorted(turns, np.arange(hours)) % 2
    side = (1 - 2 * falling) * (1 if random.random() < 0.5 else -1)
    returns = side * DRIFT / HOURS + random.standard_normal(hours) * NOISE / math.sqrt(HOURS)
    keep = 0.5 ** (1 / HOURS / HALF_LIFE_DAYS)
    shocks = random.standard_normal(hours) * DEVIATION * math.sqrt(1 - keep**2)
    deviation = np.fromiter(accumulate(shocks, lambda last, shock: keep * last + shock), float)
    return np.repeat(100 * np.exp(returns.cumsum() + deviation), 60)


def date(day: int) -> str:
    """The date so many days after the first price."""
    return str(np.datetime64("2021-01-01") + np.timedelta64(day, "D"))


def market(path: int) -> MemoryMarket:
    """The token that trends, and money."""
    close = prices(path)
    table = np.stack([close, np.ones_like(close)], axis=1)
    return qsim.market(table, tokens=["BTC", "USDC"], start=date(0))


POOL = (
    "tokens=[BTC,USDC]",
    "pool/rule=momentum",
    "pool.chunk_period=60",
    "pool.weight_interpolation_period=60",
    f"data.burn_in_days={BURN_IN_DAYS}",
)


@cache
def cycle_score(path: int) -> Callable[[float, int], float]:
    """The metric of a memory in a cycle, through the engine: a pool that opens at the first minute
    of the cycle.
    """
    dates = (f"start={date(BURN_IN_DAYS)}", f"end={date(DAYS)}", "test_end=null")
    simulate = qsim.simulator(
        qsim.compose("simulate", *POOL, *dates), market(path), rows=CYCLE_DAYS * 1440
    )
    metric = jax.jit(simulate.metric(METRIC))

    def of(memory_days: float, cycle: int) -> float:
        raw = Memory(60).raw(np.full(2, memory_days))
        return float(metric({"logit_lamb": jnp.asarray(raw)}, cycle * CYCLE_DAYS * 1440))

    return of


def scanned(path: int, memories: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over the cycles for each of these memories."""
    score = cycle_score(path)
    table = [[score(memory, cycle) for cycle in range(CYCLES)] for memory in memories.tolist()]
    means: NDArray[np.float64] = np.asarray(table).mean(axis=1)
    return means


def effect(values: Mapping[str, Any]) -> float:
    """What the nuisance settings take from the score of every cycle: nothing at their best, a
    learning rate of 0.1, a noise scale of 0.2 and a batch of 8.
    """
    rate, spread = (math.log10(values[f"fit.{name}"]) for name in ("learning_rate", "noise_scale"))
    batch = {4: 0.25, 8: 0.0, 16: 0.5}[values["fit.batch_size"]]
    return 0.5 * (rate - math.log10(0.1)) ** 2 + (spread - math.log10(0.2)) ** 2 + batch


def training_noise(values: Mapping[str, Any], cycle: int) -> float:
    """What a training adds to a cycle's score by chance: the same for the same settings."""
    digest = hashlib.sha256(f"{sorted(values.items())}/{cycle}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return TRAINING_NOISE * random.standard_normal()


def trial_score(path: int) -> Score:
    """The score of a trial's cycle on this market."""
    pool = cycle_score(path)

    def of(values: Mapping[str, Any], cycle: int) -> float:
        own = pool(values["params.memory_days"], cycle)
        return own - effect(values) + training_noise(values, cycle)

    return of
