"""Every fee model and every source of trades: a minute holds the same in every run."""

from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from kinds import DAY, build, components

from quantamm_cli.market import Market, load
from quantamm_cli.market.fees import Fees
from quantamm_cli.market.fees.base import COLUMNS
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.market.trades import Trades
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import minute

TOKENS, FIRST = ("BTC", "ETH", "USDC"), minute("2021-02-01")
ALL = [(group, name) for group in ("fees", "trades") for name in components(group)]
each = pytest.mark.parametrize(
    ("group", "name"), ALL, ids=[f"{group}={name}" for group, name in ALL]
)
FILES = {
    "fees": {"fee": [0.001, 0.002, 0.004], "lp_supply": [10.0, 11.0, 9.0]},
    "trades": {
        "token_in": ["BTC", "ETH", "USDC"],
        "token_out": ["ETH", "USDC", "BTC"],
        "amount_in": [0.1, 0.5, 100.0],
    },
}


def component(group: str, name: str, folder: Path) -> Any:
    """Of its YAML; a kind that reads a file has one of three rows, and one more before the run."""
    if name != "recorded":
        return build(group, name)
    unix = [(FIRST + at) * 60_000 for at in (-DAY, 90, DAY + 30)]
    path = folder / f"{group}.csv"
    polars.DataFrame({"unix": unix, **FILES[group]}).write_csv(path)
    return build(group, name, file=str(path))


def market(given: Component, first: int, last: int) -> Market:
    """The minutes [first, last) after ``FIRST``."""
    period = (FIRST + first, FIRST + last)
    more: Any = {given.group: given}
    return load(Synthetic(burn_in_days=2), TOKENS, *period, **more)


def numbers(given: Component, found: Market) -> dict[str, np.ndarray]:
    """What it gives, by name; empty where it gives nothing."""
    if given.group == "fees":
        return dict(found.fees.columns) if found.fees else {}
    trades = found.trades
    if trades is None:
        return {}
    there = np.argwhere(trades.pay >= 0)
    columns = (trades.pay, trades.take, trades.amount, trades.exact_out)
    listed = {str(index): column[*there.T] for index, column in enumerate(columns)}
    return {"minute": there[:, 0] + found.start, **listed}


@each
def test_it_gives_series_exactly_if_it_says_so(group: str, name: str, tmp_path: Path) -> None:
    """What is known before a price is read is what is found afterwards."""
    given = component(group, name, tmp_path)
    found = numbers(given, market(given, 0, 2 * DAY))
    assert bool(found) == (given.moves if isinstance(given, Fees) else given.gives)
    assert isinstance(given, Fees | Trades)
    if isinstance(given, Fees):
        assert set(found) <= set(COLUMNS)
        assert not (given.frictionless and found)


@each
def test_a_minute_holds_the_same_in_every_run(group: str, name: str, tmp_path: Path) -> None:
    """A run that begins later and ends earlier sees the middle of a longer one."""
    given = component(group, name, tmp_path)
    whole, part = (market(given, *period) for period in ((0, 2 * DAY), (DAY // 2, DAY + 300)))
    longer, shorter = numbers(given, whole), numbers(given, part)
    assert longer.keys() == shorter.keys()
    inside: Any = slice(part.start - whole.start, part.start - whole.start + part.rows)
    if "minute" in longer:
        minutes = longer["minute"]
        inside = (minutes >= part.start) & (minutes < part.start + part.rows)
    for key, values in shorter.items():
        np.testing.assert_array_equal(values, longer[key][inside], err_msg=key)


@each
def test_the_digest_of_the_data_follows_what_it_gives(
    group: str, name: str, tmp_path: Path
) -> None:
    """The same twice; other than that of prices alone where there is anything."""
    given = component(group, name, tmp_path)
    one, two = (market(given, 0, DAY) for _ in range(2))
    alone = load(Synthetic(burn_in_days=2), TOKENS, FIRST, FIRST + DAY)
    assert one.sha256 == two.sha256
    assert (one.fees and one.fees.digest_bytes) == (two.fees and two.fees.digest_bytes)
    assert (one.sha256 != alone.sha256) == bool(group == "trades" and numbers(given, one))
    if one.fees is not None:
        assert one.fees.digest_bytes
