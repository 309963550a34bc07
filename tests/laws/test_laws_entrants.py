"""Pools of the simulator as entrants: they quote what they trade at,
and end where they are simulated to end.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from kinds import build, opening, tree, world
from numpy.typing import NDArray

from quantamm_cli.competition import strategies  # noqa: F401 - the strategies register themselves
from quantamm_cli.competition.engine import compete
from quantamm_cli.competition.types import Entrant, Market, Rules
from quantamm_cli.engine.forward import simulate
from quantamm_cli.errors import ConfigError

STEPS = 720
RULES = Rules(least_profit=1e-12, least_notional=1e-12)


class Case(NamedTuple):
    """Settings of the strategy; parameters and settings of the pool."""

    name: str
    strategy: Mapping[str, Any] = MappingProxyType({})
    params: Mapping[str, Any] | None = None
    pool: Mapping[str, Any] = MappingProxyType({})


NAMES = {"margin": "centeredness_margin"}
RANGE = {"price_ratio": 1.05, "margin": 0.5}
CASES = {
    "balancer": Case("balancer"),
    "gyroscope": Case(
        "gyroscope",
        {"low": 1 / 1.04, "high": 1.04, "stretch": 3.0},
        {"alpha": 1 / 1.04, "beta": 1.04, "lam": 3.0},
    ),
    "reclamm, follows": Case("reclamm", RANGE | {"shift_exponent": 20.0}),
    "reclamm, at its ends": Case("reclamm", RANGE | {"shift_exponent": 0.01}),
}


def quiet(prices: NDArray[np.float64]) -> Market:
    """One simulation without orders, and a normaliser."""
    none = np.full((1, 1), -1, np.int32)
    number = np.ones(1)
    path = prices[None]
    return Market(
        np.zeros(1, int),
        number,
        number,
        number,
        0.003 * number,
        number,
        path,
        none,
        none < -1,
        np.zeros((1, 1)),
    )


def fallen_and_risen(minutes: int) -> NDArray[np.float64]:
    """Prices from 100 on, of the opening and of so many minutes."""
    random = np.random.Generator(np.random.PCG64(3))
    turns = 0.06 * np.sin(np.arange(minutes + 1) / 90) + 0.001 * np.cumsum(
        random.standard_normal(minutes + 1)
    )
    return 100 * np.exp(turns - turns[0])


def simulated(
    pool: Any, prices: NDArray[np.float64], fee_bps: float, params: Mapping[str, Any]
) -> Any:
    """The simulator's pool of X and Y, opened with 100 and 10,000."""
    both = np.stack([prices, np.ones(len(prices))], 1)
    feed = world(
        pool, both, burn_in=0, initial_pool_value=20_000.0, tokens=("X", "Y"), fee=fee_bps / 1e4
    )
    params = opening(pool, 2, initial_weights=[0.5, 0.5], **params)
    return jax.jit(simulate, static_argnames="rows")(pool, params, feed, 0, len(prices))


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_arbitrage_alone_brings_it_where_the_simulator_does(case: Case) -> None:
    """Minute by minute at the same prices and fee: the same reserves, through falls and rises
    beyond the range of some.
    """
    prices = fallen_and_risen(STEPS)
    params = (
        {NAMES.get(key, key): value for key, value in case.strategy.items()}
        if case.params is None
        else case.params
    )
    expected = simulated(build("pool", case.name), prices, 5.0, params)
    np.testing.assert_allclose(expected.reserves[0], [100.0, 10_000.0], rtol=1e-9)
    found = compete(
        [Entrant(case.name, build("strategy", case.name, fee_bps=5.0, **case.strategy))],
        quiet(prices[1:]),
        RULES,
    )
    np.testing.assert_allclose(
        found.final_reserves[0, 0], expected.reserves[-1], rtol=1e-6, atol=1e-6
    )
    assert found.arb_fills[0, 0] > 100


@pytest.mark.parametrize("rule", ["momentum", "mean_reversion_channel"])
@pytest.mark.heavy
def test_a_rule_moves_its_weights_as_in_the_simulator(rule: str) -> None:
    """Without a fee its own price is the market's, so weights are the simulator's; each step one
    arbitrage at the new ones, on paper.
    """
    minutes, hourly = 190, {"chunk_period": 60, "weight_interpolation_period": 45}
    prices, params = fallen_and_risen(minutes), {"k_per_day": 300.0, "memory_days": 0.2}
    settings = tree("pool", "temporal", rule=tree("pool/rule", rule), **hourly)
    weights = np.asarray(
        simulated(build("pool", "temporal", **settings), prices, 0.0, params).weights
    )
    x, y = 100.0, 10_000.0
    for price, (of_x, of_y) in zip(prices[1:], weights[1:], strict=True):
        kept, ratio = x**of_x * y**of_y, price * of_y / of_x
        x, y = kept / ratio**of_y, kept * ratio**of_x
    assert np.ptp(weights[:, 0]) > 0.01
    strategy = build("strategy", "temporal", pool=settings, params=params, fee_bps=0.0)
    found = compete([Entrant("temporal", strategy)], quiet(prices[1:]), RULES)
    np.testing.assert_allclose(found.final_reserves[0, 0], [x, y], rtol=1e-7)


def test_only_what_can_be_known_competes() -> None:
    """A rule that looks at what a competition does not have, a parameter that is none, a value that
    it cannot have: each is told.
    """
    pool = tree("pool", "temporal", rule=tree("pool/rule", "index_market_cap"))
    with pytest.raises(ConfigError, match=r"strategy\.pool: rule=index_market_cap looks at supply"):
        build("strategy", "temporal", pool=pool)
    with pytest.raises(ConfigError, match=r"strategy\.params.*k_per_dy.*did you mean 'k_per_day'"):
        build("strategy", "temporal", params={"k_per_dy": 3.0})
    with pytest.raises(ConfigError, match=r"strategy\.params.*-3 is not zero or more"):
        build("strategy", "temporal", params={"k_per_day": -3.0})
