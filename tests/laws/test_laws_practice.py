"""What training windows may be cut from: paths that are history's kin, and know nothing of what comes after training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from kinds import DAY, build, components

from quantamm_cli.market import Market, Practice
from quantamm_cli.market.practice import Paths

GROUP = "practice"
practices = pytest.mark.parametrize("name", components(GROUP))
BURN_IN, ROWS, ASSETS = 2 * DAY, 6 * DAY, 2
NEEDS = {"supplied": {"dirs": ("1", "2")}}
"""What a practice needs besides its defaults."""


def history(seed: int = 0) -> Market:
    """Two tokens that walk: a burn-in, what trains, and a day that validates."""
    random = np.random.Generator(np.random.PCG64(seed))
    prices = 100 * np.exp(
        np.cumsum(1e-3 * random.standard_normal((BURN_IN + ROWS + DAY, ASSETS)), axis=0)
    )
    return Market(("BTC", "ETH"), prices, 0, BURN_IN, {}, {}, "")


def other(folder: str) -> Market:
    """What the files of a folder hold."""
    return replace(history(int(folder)), prices=history(int(folder)).prices[: BURN_IN + ROWS])


def practice(name: str, **changes: Any) -> Practice:
    """As its YAML has it."""
    return Practice.typed(build(GROUP, name, **NEEDS.get(name, {}) | changes))


def bank(name: str, market: Market | None = None, **changes: Any) -> Paths:
    """Its paths; of a practice that makes none, the minutes that train."""
    market = market or history()
    found = practice(name, **changes).bank(market, ROWS, other)
    if found is None:
        rows = market.prices[: BURN_IN + ROWS]
        found = Paths(replace(market, prices=rows), np.zeros(1, np.int32))
    return found


@practices
def test_every_path_is_there_whole(name: str) -> None:
    """Its minutes lie within the market and before the next path; prices are positive, a column a token."""
    paths = bank(name)
    assert paths.first_rows[0] == 0
    assert (np.diff(paths.first_rows) >= ROWS).all()
    assert paths.market.tokens == ("BTC", "ETH")
    assert paths.market.burn_in == BURN_IN
    assert paths.market.prices.shape == (BURN_IN + paths.first_rows[-1] + ROWS, ASSETS)
    assert np.isfinite(paths.market.prices).all() and (paths.market.prices > 0).all()


@practices
def test_the_same_settings_are_the_same_paths(name: str) -> None:
    """To the bit; and where there is a seed, another one makes others."""
    once, again = bank(name), bank(name)
    np.testing.assert_array_equal(once.market.prices, again.market.prices)
    np.testing.assert_array_equal(once.first_rows, again.first_rows)
    if "seed" in type(practice(name)).model_fields:
        assert not np.array_equal(once.market.prices, bank(name, seed=1).market.prices)


@practices
def test_as_many_paths_as_asked(name: str) -> None:
    """A number of scenarios is that of the paths, and does not shape the first of them."""
    if "scenarios" not in type(practice(name)).model_fields:
        assert len(bank(name).first_rows) == max(1, len(practice(name).folders))
        return
    few, many = bank(name, scenarios=1), bank(name, scenarios=3)
    assert [len(found.first_rows) for found in (few, many)] == [1, 3]


@practices
def test_what_comes_after_training_changes_nothing(name: str) -> None:
    """Other prices from the validation on make the same paths, bit for bit."""
    altered = history().prices.copy()
    altered[BURN_IN + ROWS :] *= 2
    changed = bank(name, replace(history(), prices=altered))
    np.testing.assert_array_equal(bank(name).market.prices, changed.market.prices)


@practices
def test_prices_in_another_unit_make_the_same_changes(name: str) -> None:
    """A token's unit does not matter: only changes of prices count."""
    scaled = replace(history(), prices=history().prices * np.array([1e-6, 1e3]))
    moves, same = (
        np.diff(np.log(found.market.prices), axis=0) for found in (bank(name), bank(name, scaled))
    )
    np.testing.assert_allclose(same, moves, rtol=0, atol=1e-9)


@practices
def test_no_price_jumps_where_paths_meet(name: str) -> None:
    """Estimators that remember the path before see no change of price that nobody made."""
    paths = bank(name)
    logs = np.log(paths.market.prices)
    for first in paths.first_rows[1:]:
        seam = BURN_IN + first - (BURN_IN if practice(name).folders else 0)
        assert np.abs(logs[seam] - logs[seam - 1]).max() < 0.01
