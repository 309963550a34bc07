"""What training windows are cut from: paths that are history's kin,
and know nothing of what comes after training.
"""

from dataclasses import replace

import numpy as np
import pytest
from kinds import DAY, build, components, world

from quantamm_cli.errors import ConfigError
from quantamm_cli.market import Market, Practice
from quantamm_cli.market.base import FeeSeries
from quantamm_cli.market.practice import Paths, refuse_more_than_prices
from quantamm_cli.training.windows import Bank

BURN_IN, ROWS, ASSETS = 2 * DAY, 6 * DAY, 2


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


def bank(name: str, market: Market | None = None, **changes: object) -> Paths:
    """Two paths."""
    size = {"dirs": ("1", "2")} if name == "supplied" else {"scenarios": 2}
    practice = build("practice", name, **size | changes)
    assert isinstance(practice, Practice)
    found = practice.bank(market or history(), ROWS, other)
    assert found is not None
    return found


MADE = [name for name in components("practice") if name != "historic"]
made = pytest.mark.parametrize("name", MADE)


def test_history_has_no_bank() -> None:
    """Its windows are cut from the run's own prices."""
    assert build("practice", "historic").bank(history(), ROWS, other) is None


def test_resampled_days_are_days_of_history() -> None:
    """Every minute's returns of all tokens together are those of one training minute,
    in blocks that follow one another.
    """
    market = history()
    earned = np.diff(np.log(market.prices[BURN_IN - 1 : BURN_IN + ROWS]), axis=0)
    paths = bank("monte_carlo", block_days=2)
    made = np.diff(np.log(paths.market.prices[BURN_IN - 1 :]), axis=0)
    first, block = 0, 2 * DAY
    for begin in range(0, 2 * ROWS, block):
        piece = made[begin : begin + block]
        first = int(np.abs(earned - piece[0]).sum(-1).argmin())
        np.testing.assert_allclose(
            piece, earned[(first + np.arange(len(piece))) % ROWS], atol=1e-12
        )
    assert not np.array_equal(
        paths.market.prices, bank("monte_carlo", block_days=2, seed=1).market.prices
    )


def test_a_step_is_one_step() -> None:
    """In each path each token moves once, by the size asked for, up or down."""
    paths = bank("step", size=0.25)
    logs = np.log(paths.market.prices[BURN_IN - 1 :])
    for first in paths.first_rows:
        moves = np.diff(logs[first : first + ROWS + 1], axis=0)
        moved = np.abs(moves) > 1e-12
        assert (moved.sum(axis=0) == 1).all()
        np.testing.assert_allclose(np.abs(moves[moved]), np.log(1.25), rtol=1e-9)


def test_supplied_paths_keep_their_own_changes() -> None:
    """A path's log returns are those of its folder, its burn-in's among them."""
    paths = bank("supplied")
    length = BURN_IN + ROWS
    for place, folder in enumerate("12"):
        piece = paths.market.prices[place * length : (place + 1) * length]
        np.testing.assert_allclose(
            np.diff(np.log(piece), axis=0),
            np.diff(np.log(other(folder).prices), axis=0),
            atol=1e-12,
        )


def test_windows_are_cut_from_all_paths_and_no_other_rows() -> None:
    """Which path is drawn anew at every step, from the seed; a window never leaves its path."""
    paths = Bank(
        world(build("pool", "hodl"), np.ones((2000, 2)), burn_in=0), np.array([0, 1000], np.int32)
    )
    drawn = np.concatenate([paths.paths(0, step, 4) for step in range(20)])
    assert set(drawn) == {0, 1000}
    assert np.array_equal(paths.paths(3, 7, 4), paths.paths(3, 7, 4))


@made
def test_only_history_has_more_than_prices(name: str) -> None:
    """Series, external trades and recorded fees are refused with the cure."""
    practice = build("practice", name, **({"dirs": ("1",)} if name == "supplied" else {}))
    with pytest.raises(
        ConfigError, match=r"makes prices only, without data.series; use practice=historic"
    ):
        refuse_more_than_prices(practice, replace(history(), series={"supply": history().prices}))
    moving = replace(history(), fees=FeeSeries({"fee": np.zeros(history().rows)}))
    with pytest.raises(ConfigError, match=r"without fees that change in time"):
        refuse_more_than_prices(practice, moving)
    refuse_more_than_prices(build("practice", "historic"), moving)


def test_supplied_needs_a_folder() -> None:
    """One line that says what to write."""
    with pytest.raises(
        ConfigError, match=r"practice.dirs: is empty; write 'practice.dirs=\[PATH,PATH\]'"
    ):
        build("practice", "supplied").check(("BTC", "ETH"), "practice")
