"""What every source of trades promises.

They happen when and as they are given, and no pool pays more than it is paid.
"""

from pathlib import Path
from typing import Any

import balanced
import numpy as np
import pytest
from balanced import ROWS, START, TOKENS, invariant, traded
from kinds import components

from quantamm_cli.core.types import Trajectory
from quantamm_cli.market import Market
from quantamm_cli.settings.run import Simulate
from quantamm_cli.workflows.data import load_market

GROUP = "trades"
sources = pytest.mark.parametrize("name", components(GROUP))
NEEDS: dict[str, dict[str, Any]] = {}
"""What a source needs besides its defaults."""


@pytest.fixture(autouse=True, scope="module")
def _file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A hundred trades of both directions, small ones and one that no pool can pay."""
    random, rows = np.random.Generator(np.random.PCG64(5)), []
    for minute in np.sort(random.integers(1, ROWS, 100)):
        pay, take, size = ("BTC", "ETH", 0.3) if random.random() < 0.5 else ("ETH", "BTC", 4.0)
        rows.append(f"{START + 60 * minute},{pay},{take},{size * random.random()},")
    rows.append(f"{START + 60 * (ROWS - 1)},BTC,ETH,,1e9")
    file: Path = tmp_path_factory.mktemp("trades") / "trades.csv"
    file.write_text("\n".join(["unix,token_in,token_out,amount_in,amount_out", *rows, ""]))
    NEEDS["recorded"] = {"file": str(file)}


def settings(name: str, fee: float = 0.003, tokens: tuple[str, ...] = TOKENS) -> Simulate:
    """A pool that these trades alone trade with."""
    fees = ("flat", {"fee": fee, "do_arb": False})
    return balanced.settings(tokens, fees=fees, trades=(name, NEEDS.get(name, {})))


def path(name: str, **changes: Any) -> Trajectory:
    return balanced.path(settings(name, **changes))


def market(name: str, **changes: Any) -> Market:
    chosen = settings(name, **changes)
    return load_market(chosen, chosen.end)


@sources
def test_the_same_settings_are_the_same_path(name: str) -> None:
    """To the bit."""
    for column, other in zip(path(name), path(name), strict=True):
        np.testing.assert_array_equal(column, other)


@sources
def test_trades_are_between_two_of_the_tokens(name: str) -> None:
    """A row a minute and a place a trade.

    Amounts are finite and at least 0, and an empty place is empty.
    """
    given = market(name).trades
    if given is None:
        return
    there = given.pay >= 0
    assert len(there) == ROWS and there.any()
    assert given.pay.shape == given.take.shape == given.amount.shape == given.exact_out.shape
    assert ((given.take >= 0) == there).all()
    assert (given.pay[there] < len(TOKENS)).all() and (given.take[there] < len(TOKENS)).all()
    assert (given.pay[there] != given.take[there]).all()
    assert (given.amount >= 0).all() and np.isfinite(given.amount).all()


def test_what_is_recorded_is_given() -> None:
    """Every trade of the file; and none where there is none."""
    given = market("recorded").trades
    assert given is not None and (given.pay >= 0).sum() == 101
    assert market("none").trades is None


@sources
def test_reserves_move_by_trades_and_by_nothing_else(name: str) -> None:
    """In a minute with trades what is paid rises and what is taken falls.

    In all others nothing moves.
    """
    found, given = path(name), market(name).trades
    assert found.reserves.shape == (ROWS, 2) and (found.reserves > 0).all()
    moved = traded(found)
    if given is None:
        assert not moved.any()
        return
    there = (given.pay >= 0).any(-1)
    assert moved.any() and not moved[~there[1:]].any()
    for row in np.flatnonzero((given.pay >= 0).sum(-1) == 1):
        if row > 0 and moved[row - 1]:
            (place,) = np.flatnonzero(given.pay[row] >= 0)
            change = found.reserves[row] - found.reserves[row - 1]
            assert change[given.pay[row, place]] > 0 > change[given.take[row, place]]


@sources
def test_the_pool_loses_nothing(name: str) -> None:
    """Its invariant stays without a fee, and never falls with one, which its providers earn."""
    free, charged = path(name, fee=0.0), path(name)
    np.testing.assert_allclose(invariant(free), invariant(free)[0], rtol=1e-12)
    assert np.diff(invariant(charged)).min() > -1e-12
    assert not free.fees.any()
    assert bool(charged.fees.sum() > 0) == (market(name).trades is not None)


def test_recorded_trades_go_by_the_names_of_tokens() -> None:
    """Turned tokens are turned reserves."""
    straight, turned = path("recorded"), path("recorded", tokens=TOKENS[::-1])
    np.testing.assert_allclose(turned.reserves[:, ::-1], straight.reserves, rtol=1e-12)
