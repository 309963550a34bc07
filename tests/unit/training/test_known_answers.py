"""Markets whose answer is known before anything is trained."""

from functools import cache

import numpy as np
import pytest
from kinds import DAY
from numpy.typing import NDArray

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.market import Market
from quantamm_cli.settings.run import Train
from quantamm_cli.training.fit import fit
from quantamm_cli.workflows.training_run import training_problem

BURN_IN = 30 * DAY
SCORE = "returns_over_constant_weight"
WORDS = [
    "tokens=[BTC,USDC]",
    "start=2021-03-01",
    "end=2022-06-01",
    "test_end=2023-03-01",
    "data.burn_in_days=30",
    f"metric={SCORE}",
]
SMALL = [
    "fit.steps=50",
    "fit.batch_size=4",
    "fit.parameter_sets=2",
    "split.bout_offset=14400",
    "params.k_per_day=0.1",
    "params.memory_days=5",
]


def trending(seed: int, days: int) -> NDArray[np.float64]:
    """A token whose drift wanders around nothing and is remembered for ten days,
    beside one that stands still.

    Returns are correlated with all that came before them, and always positively.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    drift, kept = np.zeros(days), np.exp(-1 / 10)
    for day in range(1, days):
        drift[day] = kept * drift[day - 1] + np.sqrt(1 - kept**2) * 0.02 * random.standard_normal()
    daily = drift + 0.01 * random.standard_normal(days)
    price = np.exp(np.cumsum(np.repeat(daily / DAY, DAY)))
    return np.stack([100 * price, np.ones_like(price)], axis=-1)


@cache
def gain(rule: str, seed: int) -> tuple[float, float]:
    """Test score where training began, and of what validation chose."""
    settings = read_settings(Train, Composer("train", [*WORDS, *SMALL, f"pool/rule={rule}"]).tree())
    prices = trending(seed, (BURN_IN + settings.rows + settings.test_rows) // DAY)
    problem, progress, _ = training_problem(
        settings, Market(settings.tokens, prices, 0, BURN_IN, {}, {}, "")
    )
    path = [report.metrics for report, _ in fit(problem, progress)]
    chosen = np.array([entry["validation"][SCORE] for entry in path])
    test = np.array([entry["test"][SCORE] for entry in path])
    return float(test[0, 0]), float(test.ravel()[chosen.argmax()])


@pytest.mark.parametrize("seed", range(3))
def test_momentum_learns_a_market_with_momentum(seed: int) -> None:
    """From next to nothing to a clear gain over constant weights,
    in months that neither trained nor selected.
    """
    before, after = gain("momentum", seed)
    assert after > before + 0.1


@pytest.mark.parametrize("seed", range(3))
def test_leaning_against_momentum_has_nothing_to_learn(seed: int) -> None:
    """The best that anti-momentum finds is to stand still."""
    assert -0.05 < gain("anti_momentum", seed)[1] < 0.05
