"""Pools of the simulator as entrants: they quote what they trade at,
and end where they are simulated to end.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from kinds import build, components, opening, small, tree, world
from numpy.typing import NDArray

from quantamm_cli.competition import strategies  # noqa: F401 - the strategies register themselves
from quantamm_cli.competition.engine import compete
from quantamm_cli.competition.types import Entrant, Market, Rules
from quantamm_cli.engine.forward import simulate
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool

STEPS = 720
RULES = Rules(least_profit=1e-12, least_notional=1e-12)


class Case(NamedTuple):
    """A pool, changes of its settings and parameters, and the like strategy of its name."""

    pool: str
    settings: Mapping[str, Any] = MappingProxyType({})
    params: Mapping[str, Any] = MappingProxyType({})
    strategy: Mapping[str, Any] | None = None


def narrow(shift: float) -> tuple[dict[str, float], dict[str, float]]:
    """Parameters of a reclamm with a narrow range, and settings of the strategy."""
    alike = {"price_ratio": 1.05, "shift_exponent": shift}
    return alike | {"centeredness_margin": 0.5}, alike | {"margin": 0.5}


ELLIPSE = {"alpha": 1 / 1.04, "beta": 1.04, "lam": 3.0}
FEE = {"learn_fee": True, "centeredness_scaling": True}
CASES = {
    "balancer": Case("balancer", strategy={}),
    "cow": Case("cow", {"arb_quality": 0.0}, strategy={}),  # one arbitrageur comes
    "gyroscope": Case("gyroscope", {}, ELLIPSE, {"low": 1 / 1.04, "high": 1.04, "stretch": 3.0}),
    "gyroscope, priced in X": Case("gyroscope", {"numeraire": "X"}, ELLIPSE),
    "reclamm, follows": Case("reclamm", {}, *narrow(20.0)),
    "reclamm, at its ends": Case("reclamm", {}, *narrow(0.01)),
    "reclamm, with a fee of its own": Case("reclamm", FEE, narrow(20.0)[0] | {"swap_fee": 0.001}),
}
ENROLLED = [
    name
    for name in components("pool")
    if AbstractPool.typed(small("pool", name)).cannot_compete is None
]
"""Every pool whose YAML is there and that can compete."""
CASES |= {
    name: Case(name) for name in ENROLLED if name not in {case.pool for case in CASES.values()}
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


def test_pools_are_enrolled() -> None:
    """By their YAML and what they say of themselves."""
    assert {"balancer", "cow", "gyroscope", "reclamm", "temporal"} <= set(ENROLLED)
    assert not {"hodl", "lvr"} & set(ENROLLED)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_arbitrage_alone_brings_it_where_the_simulator_does(case: Case) -> None:
    """Minute by minute at the same prices and fee: the same reserves, through falls and rises
    beyond the range of some.
    """
    prices, settings = fallen_and_risen(STEPS), tree("pool", case.pool, **case.settings)
    pool = build("pool", case.pool, **case.settings)
    expected = simulated(pool, prices, 5.0, case.params)
    np.testing.assert_allclose(expected.reserves[0], [100.0, 10_000.0], rtol=1e-9)
    params = dict(case.params)
    entrants = [build("strategy", "pool", pool=settings, params=params, fee_bps=5.0)]
    if case.strategy is not None:
        entrants.append(build("strategy", case.pool, fee_bps=5.0, **case.strategy))
    names = [Entrant(f"{place}", strategy) for place, strategy in enumerate(entrants)]
    found = compete(names, quiet(prices[1:]), RULES)
    for reserves in found.final_reserves[0, :-1]:
        np.testing.assert_allclose(reserves, expected.reserves[-1], rtol=1e-6, atol=1e-6)
    assert (found.arb_fills[0, :-1] > 100).all()


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
    entrants = [
        Entrant(name, build("strategy", name, pool=settings, params=params, fee_bps=0.0))
        for name in ("temporal", "pool")
    ]
    found = compete(entrants, quiet(prices[1:]), RULES)
    np.testing.assert_allclose(found.final_reserves[0, :2], [[x, y]] * 2, rtol=1e-7)


def test_only_what_can_be_known_competes() -> None:
    """A rule that looks at what a competition does not have, a parameter that is none, a value that
    it cannot have: each is told.
    """
    pool = tree("pool", "temporal", rule=tree("pool/rule", "index_market_cap"))
    with pytest.raises(ConfigError, match=r"strategy\.pool: rule=index_market_cap needs supply"):
        build("strategy", "temporal", pool=pool)
    with pytest.raises(ConfigError, match=r"strategy\.params.*k_per_dy.*did you mean 'k_per_day'"):
        build("strategy", "temporal", params={"k_per_dy": 3.0})
    with pytest.raises(ConfigError, match=r"strategy\.params.*-3 is not zero or more"):
        build("strategy", "temporal", params={"k_per_day": -3.0})
    with pytest.raises(
        ConfigError, match=r"strategy\.pool: pool=hodl cannot compete, as it has no quotes"
    ):
        build("strategy", "pool", pool=tree("pool", "hodl"))
    arc = tree("pool", "reclamm", interpolation="constant_arc_length")
    with pytest.raises(
        ConfigError, match=r"strategy\.pool: interpolation=constant_arc_length needs the"
    ):
        build("strategy", "pool", pool=arc)
    prices = {"pool": tree("pool", "gyroscope", reference_price=1.0), "params": {"alpha": 3.0}}
    with pytest.raises(
        ConfigError, match=r"strategy\.params: .*alpha: is 3; expected less than params\.beta"
    ):
        build("strategy", "pool", **prices)
