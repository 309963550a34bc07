"""What every market of a competition promises: a seed is one simulation, whoever asks for it and with what others."""

import os
from typing import Any

import numpy as np
import pytest
from kinds import build, components

from quantamm_cli.competition.market import MarketSettings
from quantamm_cli.competition.market.settings import ends
from quantamm_cli.competition.types import Market
from quantamm_cli.settings.component import REGISTER

GROUP = "market"
kinds = pytest.mark.parametrize("name", components(GROUP))
STEPS, SEEDS = 300, (12, 40, 7, 1)


def settings(name: str, **changes: Any) -> MarketSettings:
    """As its YAML has it, with the embedded prices where it takes some."""
    if "data" in REGISTER[GROUP][name].model_fields:
        changes = {"data": build("data", "synthetic", seed=3), "end": "2023-01-03"} | changes
    found: MarketSettings = build(GROUP, name, **changes)
    return found


def simulation(market: Market, row: int) -> list[bytes]:
    """Everything of one seed, without the padding of its orders."""
    count = int((market.order_step[row] >= 0).sum())
    return [
        np.ascontiguousarray(
            column[row][:count] if field.startswith("order") else column[row]
        ).tobytes()
        for field, column in market._asdict().items()
    ]


@kinds
def test_the_same_seeds_are_the_same_events(name: str) -> None:
    """Made anew, to the bit; and no two seeds are alike."""
    once, again = (settings(name).make(np.array(SEEDS), STEPS) for _ in range(2))
    found = [simulation(once, row) for row in range(len(SEEDS))]
    assert found == [simulation(again, row) for row in range(len(SEEDS))]
    assert len({once.prices[row].tobytes() for row in range(len(SEEDS))}) == len(SEEDS)


@kinds
def test_a_seed_is_the_same_alone_or_among_others(name: str) -> None:
    """In any batch, at any place in it: seeds may be shared out as one likes."""
    chosen, seeds = settings(name), np.array(SEEDS)
    among = [simulation(chosen.make(seeds, STEPS), row) for row in range(len(SEEDS))]
    assert [simulation(chosen.make(seeds[[row]], STEPS), 0) for row in range(len(SEEDS))] == among
    turned = chosen.make(seeds[::-1], STEPS)
    assert [simulation(turned, row) for row in reversed(range(len(SEEDS)))] == among


@kinds
def test_threads_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One processor or many: more seeds than a thread takes at once."""
    seeds = np.arange(40)
    made = []
    for processors in (1, 5):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=processors: set(range(n)), False)
        made.append(settings(name).make(seeds, 50))
    one, many = ([simulation(market, row) for row in range(len(seeds))] for market in made)
    assert one == many


@kinds
def test_prices_and_orders_are_lawful(name: str) -> None:
    """Positive prices, a step each; orders in order of time, with sizes, and nothing behind the last of them."""
    found = settings(name).make(np.arange(20), STEPS)
    assert found.prices.shape == (20, STEPS)
    assert np.isfinite(found.prices).all() and (found.prices > 0).all()
    there = found.order_step >= 0
    assert there.any() and found.order_step.max() < STEPS
    assert (found.order_step[~there] == -1).all()
    assert (np.diff(there.astype(int), axis=1) <= 0).all()
    assert (np.diff(np.where(there, found.order_step, STEPS), axis=1) >= 0).all()
    assert (found.order_size[there] > 0).all() and np.isfinite(found.order_size).all()
    assert not found.order_size[~there].any() and not found.order_buys[~there].any()


@kinds
def test_what_is_drawn_lies_within_its_range(name: str) -> None:
    """Of every setting that may be a range; and a number in its place leaves everything else as it was."""
    chosen = settings(name)
    found = chosen.make(np.arange(50), 20)
    fee = found.normaliser_fee * 1e4
    for span, values in (
        (chosen.arrival, found.arrival),
        (chosen.mean_size, found.mean_size),
        (chosen.normaliser_fee, np.rint(fee)),
        (chosen.normaliser_liquidity, found.normaliser_liquidity),
    ):
        low, high = ends(span)
        assert low <= values.min() < values.max() <= high
    np.testing.assert_allclose(fee, np.rint(fee), rtol=0, atol=1e-9)
    fixed = settings(name, normaliser_fee=45.0).make(np.arange(50), 20)
    assert (fixed.normaliser_fee == 0.0045).all()
    for field in Market._fields:
        if field != "normaliser_fee":
            assert np.array_equal(getattr(found, field), getattr(fixed, field)), field
