"""What every source of prices promises.

The same numbers each time, whole and in parts, in the order of the tokens.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from kinds import DAY, build, components

import quantamm_cli as qsim
from quantamm_cli.errors import DataError
from quantamm_cli.market import Source, load

GROUP = "data"
TOKENS = ("BTC", "ETH")
"""Every source is asked for these two; a source of your own must have them."""
sources = pytest.mark.parametrize("name", components(GROUP))
ROWS = 6 * DAY
CLOSES = polars.DataFrame(
    {"unix": 1_672_531_200 + 60 * np.arange(ROWS)}
    | {
        token: level * np.exp(np.cumsum(np.random.default_rng(row).normal(0, 1e-3, ROWS)))
        for row, (token, level) in enumerate(zip(TOKENS, (2e4, 1e3), strict=True))
    }
)

MARKET = qsim.market(CLOSES)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a source needs besides its defaults.

    Files, or a market of Python code, of the same six days.
    """
    folder: Path = tmp_path_factory.mktemp("prices")
    for token in TOKENS:
        frame = CLOSES.select("unix", close=token)
        frame.write_csv(folder / f"{token}_USD.csv")
        frame.write_parquet(folder / f"{token}_USD.parquet")
    files = {"dir": str(folder)}
    return {"csv": files, "parquet": files, "memory": {"sha256": MARKET.sha256}}


@pytest.fixture
def source(name: str, settings: dict[str, dict[str, Any]]) -> Source:
    """The source that a YAML describes."""
    return Source.typed(build(GROUP, name, **settings.get(name, {})))


def period(source: Source) -> tuple[int, int]:
    """Four days of which there are prices of both tokens, with a day before them and one after."""
    begins, ends = zip(*map(source.span, TOKENS), strict=True)
    first = max(begins) + DAY
    assert first + 5 * DAY <= min(ends), "the laws take six days of prices of BTC and ETH"
    return first, first + 4 * DAY


@sources
def test_prices_are_finite_and_positive(name: str, source: Source) -> None:
    """One double a minute, and gaps that are counted among them."""
    first, last = period(source)
    for token in TOKENS:
        found = source.read(token, first, last)
        assert found.closes.shape == (last - first,)
        assert found.closes.dtype == np.float64
        assert np.isfinite(found.closes).all() and (found.closes > 0).all()
        assert 0 <= found.carried < last - first
        assert found.longest_gap >= (found.carried > 0)


@sources
def test_the_same_settings_are_the_same_bytes(
    name: str, source: Source, settings: dict[str, dict[str, Any]]
) -> None:
    """Whoever asks, and however often."""
    first, last = period(source)
    other = Source.typed(build(GROUP, name, **settings.get(name, {})))
    assert other == source
    once = [source.read(token, first, last).closes.tobytes() for token in TOKENS]
    again = [other.read(token, first, last).closes.tobytes() for token in reversed(TOKENS)]
    assert once == again[::-1]
    assert once[0] != once[1]


@sources
def test_a_part_of_a_period_has_its_prices(name: str, source: Source) -> None:
    """A price is that of its minute, whichever minutes are asked for with it."""
    first, last = period(source)
    whole = source.read(TOKENS[0], first, last).closes
    for begin, end in ((0, DAY), (DAY - 1, 2 * DAY + 1), (0, 1), (4 * DAY - 7, 4 * DAY)):
        part = source.read(TOKENS[0], first + begin, first + end).closes
        np.testing.assert_array_equal(part, whole[begin:end])


@sources
def test_columns_are_in_the_order_of_the_tokens(name: str, source: Source) -> None:
    """Turned tokens are turned columns, of prices and of whatever the source offers besides."""
    first, last = period(source)
    source = source.replace(burn_in_days=1)
    one, other = (
        load(source, tokens, first, last, source.offers) for tokens in (TOKENS, TOKENS[::-1])
    )
    np.testing.assert_array_equal(one.prices, other.prices[:, ::-1])
    assert one.prices.shape == (last - first + DAY, 2) and one.burn_in == DAY
    assert one.sha256 != other.sha256
    assert set(one.series) == set(source.offers)
    for key, column in one.series.items():
        np.testing.assert_array_equal(column, other.series[key][:, ::-1])
        assert np.isfinite(column).all() and (column >= 0).all()


@sources
def test_minutes_without_prices_are_refused(name: str, source: Source) -> None:
    """By a message that names the token and what there is of it."""
    begin, end = source.span(TOKENS[0])
    for first, last in ((begin - 1, begin + 1), (end - 1, end + 1)):
        with pytest.raises(DataError, match=rf"{TOKENS[0]} has prices from .* the run needs"):
            source.read(TOKENS[0], first, last)
