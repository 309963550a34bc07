"""The markets of a competition: independent of each other, of the right moments, kept whole."""

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantamm_cli.competition.market import (
    BLOCKS,
    MarketSettings,
    Regime,
    block,
    market_cache,
    markets,
)
from quantamm_cli.competition.market.kinds.challenge import Challenge
from quantamm_cli.competition.market.kinds.history import History
from quantamm_cli.competition.market.kinds.lognormal import Lognormal
from quantamm_cli.competition.market.streams import states
from quantamm_cli.competition.types import Market
from quantamm_cli.config.user_files import module_of
from quantamm_cli.errors import ConfigError
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.random import pcg, portable_math
from quantamm_cli.settings.component import REGISTER, component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.types import minute

SIMULATIONS, STEPS = 200, 1000
DIGEST = "8d054aa01e4028bf0b99cc4315e2eda5e548d21b0d9943bd7043aedcfc458b66"
CALM_AND_STORM = {
    "calm": Regime(share=3.0, mean_steps=60.0, sigma=0.001),
    "storm": Regime(share=1.0, mean_steps=20.0, sigma=(0.004, 0.006), arrival=3.0, mean_size=50.0),
}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of another test is found, in memory or on disk."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    market_cache._CACHE.clear()


@pytest.fixture(scope="module")
def drawn() -> Market:
    return Lognormal().make(np.arange(SIMULATIONS), STEPS)


def same(one: Market, row: int, other: Market, other_row: int) -> bool:
    """Whether two simulations are equal to the bit, whatever the width of their order lists."""
    width = min(one.order_step.shape[1], other.order_step.shape[1])
    rest = max(
        (
            market.order_step[at, width:].max(initial=-1)
            for market, at in ((one, row), (other, other_row))
        )
    )
    for name, a, b in zip(Market._fields, one, other, strict=True):
        cut = width if name.startswith("order") else None
        if not np.array_equal(
            a[row][:cut] if a.ndim > 1 else a[row],
            b[other_row][:cut] if b.ndim > 1 else b[other_row],
        ):
            return False
    return bool(rest == -1)


@pytest.mark.parametrize(
    "settings",
    [
        Lognormal(),
        Challenge(),
        Lognormal(regimes=CALM_AND_STORM),
        History(data=Synthetic(seed=3), end="2023-01-03"),
    ],
    ids=["lognormal", "challenge", "regimes", "history"],
)
def test_a_seed_is_the_same_alone_or_among_others(settings: MarketSettings) -> None:
    """To the bit: what a batch holds besides it, and in which order, changes nothing."""
    alone, among = markets(settings, [7], 300), markets(settings, [12, 40, 7, 1], 300)
    assert same(alone, 0, among, 2)


@pytest.mark.parametrize(
    "settings",
    [Lognormal(), Challenge(), Lognormal(regimes=CALM_AND_STORM)],
    ids=["lognormal", "challenge", "regimes"],
)
def test_a_longer_market_begins_with_the_shorter_one(settings: MarketSettings) -> None:
    """Prices and orders of the first steps do not depend on how many there are."""
    short, long = settings.make(np.arange(5), 100), settings.make(np.arange(5), 250)
    assert np.array_equal(long.prices[:, :100], short.prices)
    for row in range(5):
        early = (long.order_step[row] >= 0) & (long.order_step[row] < 100)
        listed = short.order_step[row] >= 0
        assert np.array_equal(long.order_size[row, early], short.order_size[row, listed])
        assert np.array_equal(long.order_buys[row, early], short.order_buys[row, listed])


def test_the_same_bits_everywhere() -> None:
    """A digest of markets with regimes, where all streams are drawn from."""
    digest = hashlib.sha256()
    for part in Lognormal(regimes=CALM_AND_STORM).make(np.arange(20), 500):
        digest.update(np.ascontiguousarray(part, part.dtype.newbyteorder("<")).tobytes())
    assert digest.hexdigest() == DIGEST


def test_streams_do_not_overlap() -> None:
    """No word of any stream of any seed is met in another one's beginning."""
    words = []
    for name in ("parameters", "prices", "arrivals", "sides", "sizes", "spells"):
        for begun in states(np.array([0, 1, 2, 3, 10**6, -1]), name):
            state = tuple(begun)
            for _ in range(200):
                state, bits = pcg.word(tuple(np.uint64(part) for part in state))
                words.append(bits)
    assert len(set(words)) == len(words)


def within(sample: np.ndarray, mean: float, deviation: float) -> bool:
    """Whether the sample's mean is within four standard errors."""
    return bool(abs(sample.mean() - mean) < 4 * deviation / math.sqrt(sample.size))


def test_moments_of_what_is_drawn(drawn: Market) -> None:
    """Parameters, moves, arrivals, sides and sizes have the means and
    variances they are to have.
    """
    for name, (low, high) in {
        "sigma": (1e-4, 7e-3),
        "arrival": (0.4, 1.2),
        "mean_size": (12, 28),
        "normaliser_liquidity": (0.4, 2),
    }.items():
        values = getattr(drawn, name)
        assert (
            within(values, (low + high) / 2, (high - low) / math.sqrt(12))
            and values.min() >= low
            and values.max() < high
        )
    fees = drawn.normaliser_fee * 10_000
    assert (
        within(fees, 55.0, math.sqrt((51**2 - 1) / 12))
        and np.allclose(fees, np.rint(fees))
        and fees.min() >= 30
        and fees.max() <= 80
    )
    moves = (
        np.diff(np.log(drawn.prices), prepend=math.log(100.0)) / drawn.sigma[:, None]
        + drawn.sigma[:, None] / 2
    )
    assert (
        within(moves, 0.0, 1.0)
        and within(moves**2, 1.0, math.sqrt(2))
        and within(moves**4, 3.0, math.sqrt(96))
    )
    assert within(moves[:, 1:] * moves[:, :-1], 0.0, 1.0)
    there = drawn.order_step >= 0
    counts = np.stack([np.bincount(row[row >= 0], minlength=STEPS) for row in drawn.order_step])
    rates = drawn.arrival[:, None]
    assert within((counts - rates) / np.sqrt(rates), 0.0, 1.0)
    assert within((counts - rates) ** 2 / rates, 1.0, math.sqrt(2 + (1 / rates).mean()))
    assert within(drawn.order_buys[there], 0.5, 0.5)
    sizes = (
        np.log(
            drawn.order_size / drawn.mean_size[:, None],
            where=there,
            out=np.zeros_like(drawn.order_size),
        )[there]
        + 0.72
    ) / 1.2
    assert within(sizes, 0.0, 1.0) and within(sizes**2, 1.0, math.sqrt(2))


def test_poisson_numbers_of_any_rate() -> None:
    """Mean and variance are the rate, also where the table of the likely numbers ends."""
    found = Lognormal(arrival=20.0).make(np.arange(20), STEPS)
    counts = np.stack([np.bincount(row[row >= 0], minlength=STEPS) for row in found.order_step])
    assert within(counts, 20.0, math.sqrt(20.0)) and within(
        (counts - 20.0) ** 2, 20.0, math.sqrt(20.0 + 2 * 400.0)
    )


def test_regimes_take_their_shares_of_time() -> None:
    """A quarter of the steps is stormy, from the first on, in spells; what is reported of a
    simulation is what it was.
    """
    found = Lognormal(arrival=0.8, regimes=CALM_AND_STORM).make(np.arange(400), 500)
    storm = (found.arrival - 0.8) / (3.0 - 0.8)
    assert within(storm, 0.25, float(storm.std(ddof=1)))
    moves = np.diff(np.log(found.prices), prepend=math.log(100.0))
    loud = np.abs(moves) > 0.004  # four standard deviations of calm, less than one of storm
    assert within(loud[:, 0], float(loud.mean()), float(loud.std()))
    assert np.mean(loud[:, 1:] & loud[:, :-1]) > 2 * loud.mean() ** 2
    shocks = moves**2 - found.sigma[:, None] ** 2
    assert within(shocks.mean(axis=1), 0.0, float(shocks.mean(axis=1).std(ddof=1)))
    there = found.order_step >= 0
    counts, sizes = there.sum(axis=1), found.order_size.sum(axis=1)
    assert within(
        counts / 500 - found.arrival, 0.0, float((counts / 500 - found.arrival).std(ddof=1))
    )
    assert np.corrcoef(sizes / counts, storm)[0, 1] > 0.5


def test_regimes_of_whole_simulations() -> None:
    """Without lengths, ``share`` says of how many simulations."""
    regimes = {"calm": Regime(share=0.8, sigma=0.001), "storm": Regime(share=0.2, sigma=0.006)}
    sigma = Lognormal(regimes=regimes).make(np.arange(400), 2).sigma
    assert sorted(set(sigma.round(12))) == [0.001, 0.006]
    assert within(sigma > 0.003, 0.2, 0.4)


def test_a_number_in_place_of_a_range_changes_nothing_else() -> None:
    """Common random numbers: only what is fixed is fixed."""
    for kind in (Lognormal, Challenge):
        free, fixed = (
            kind().make(np.arange(6), 50),
            kind(normaliser_fee=45.0).make(np.arange(6), 50),
        )
        assert (fixed.normaliser_fee == 0.0045).all()
        for name in ("sigma", "arrival", "mean_size", "prices", "order_size"):
            assert np.array_equal(getattr(free, name), getattr(fixed, name))


def test_kept_markets_are_the_same_bits(tmp_path: Path) -> None:
    """From memory, from the file, and made anew where the file is damaged."""
    first = markets(Lognormal(), range(3), 40)
    assert markets(Lognormal(), range(3), 40) is first and not first.prices.flags.writeable
    (entry,) = (tmp_path / "markets").glob("*.npz")
    for damage in (
        None,
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:2000] + bytes(500) + raw[2500:],
        lambda raw: b"",
    ):
        market_cache._CACHE.clear()
        if damage is not None:
            entry.write_bytes(damage(entry.read_bytes()))
        again = markets(Lognormal(), range(3), 40)
        assert all(same(first, row, again, row) for row in range(3))
    assert [path.name for path in (tmp_path / "markets").iterdir()] == [entry.name]


def test_the_kept_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ones unused longest go; one that would be half of all is not kept."""
    monkeypatch.setattr(market_cache, "_FILES", replace(market_cache._FILES, most_bytes=30_000))
    for seed in range(4):
        markets(Lognormal(), [seed], 500)
    files = list((tmp_path / "markets").glob("*.npz"))
    assert 1 <= len(files) < 4 and sum(file.stat().st_size for file in files) <= 30_000
    markets(Lognormal(), range(10, 20), 500)
    assert len(list((tmp_path / "markets").glob("*.npz"))) == len(files)


def test_historical_prices_are_the_given_ones() -> None:
    """Each window is a piece of the quotient of the two tokens' prices,
    brought to 100 before its first step.
    """
    source = Synthetic(seed=3)
    settings = History(base="ETH", quote="BTC", data=source, start="2023-01-01", end="2023-01-03")
    first, last = minute("2023-01-01"), minute("2023-01-03")
    given = source.read("ETH", first, last).closes / source.read("BTC", first, last).closes
    begins = settings.begins(np.arange(30), 200)
    found = settings.make(np.arange(30), 200)
    for row, begin in enumerate(begins):
        np.testing.assert_allclose(
            found.prices[row], 100.0 * given[begin + 1 : begin + 201] / given[begin], rtol=1e-15
        )
    assert begins.min() >= 0 and begins.max() + 200 < given.size and np.unique(begins).size > 25


def test_consecutive_windows_follow_each_other() -> None:
    """The last price of a window is the one before the next; there are no more than fit."""
    settings = History(
        data=Synthetic(seed=3), start="2023-01-01", end="2023-01-02", windows="consecutive"
    )
    assert settings.begins(np.arange(7), 200).tolist() == [0, 200, 400, 600, 800, 1000, 1200]
    with pytest.raises(ConfigError, match="7 consecutive windows of 200 steps, seeds 0 to 6"):
        settings.make(np.arange(8), 200)
    with pytest.raises(ConfigError, match="1440 minutes, a window of 1440 steps needs 1441"):
        settings.make(np.arange(1), 1440)


def test_blocks_of_seeds_are_disjoint() -> None:
    """No seed of a block, nor the two after it whose streams the original
    challenge shares, is in another.
    """
    taken = [set(range(first, last + 2)) for first, last in BLOCKS.values()]
    assert not taken[0] & taken[1] and not taken[1] & taken[2]
    assert block("validation", 3, first=5).tolist() == [1_000_005, 1_000_006, 1_000_007]
    with pytest.raises(ConfigError, match="no block of seeds is called 'trial'"):
        block("trial", 1)
    with pytest.raises(ConfigError, match="not within the 999997 of 'test'"):
        block("test", 10**6)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"sigma": (0.007, 0.0001)}, "a range begins at its lower end"),
        ({"normaliser_fee": (0.5, 3.0)}, "whole basis points"),
        ({"arrival": -1.0}, "is not within"),
        (
            {"regimes": {"a": {"share": 1.0}, "b": {"share": 1.0, "mean_steps": 5.0}}},
            "give mean_steps to all regimes or to none",
        ),
        ({"regimes": {"a": {"share": 0.0}}}, "is not above 0"),
    ],
)
def test_settings_that_make_no_market_are_refused(told: dict[str, object], message: str) -> None:
    """One line that says what is wrong."""
    with pytest.raises(ConfigError, match=message):
        decode(component("market", "lognormal"), told, "market")


@pytest.mark.parametrize(
    ("seeds", "steps", "message"),
    [([], 5, "0 simulations"), ([1, 2, 1], 5, "given twice"), ([1], 0, "0 steps")],
)
def test_markets_without_simulations_are_refused(
    seeds: list[int], steps: int, message: str
) -> None:
    """Nothing is made of nothing, and no seed counts twice."""
    with pytest.raises(ConfigError, match=message):
        markets(Lognormal(), seeds, steps)


def test_exponential_and_logarithm_are_right_to_an_ulp() -> None:
    """Against the C library, over all of their range."""
    for x in [*np.linspace(-707.0, 708.5, 801), *np.geomspace(1e-300, 1.0, 101), -1e-9, 0.0]:
        assert portable_math.exp(x) == pytest.approx(math.exp(x), rel=2.3e-16, abs=0)
    for x in [*np.geomspace(1e-300, 1e300, 801), 0.9999999, 1.0000001, 0.70710678, 2.0]:
        assert portable_math.log(x) == pytest.approx(math.log(x), rel=4.5e-16, abs=0)
    assert (portable_math.exp(-1e4), portable_math.exp(1e4), portable_math.log(1.0)) == (
        0.0,
        math.inf,
        0.0,
    )


OWN = """
from quantamm_cli.competition.market.kinds.lognormal import Lognormal


class Own(Lognormal, kind="own_market"):
    def make(self, seeds, steps):
        market = super().make(seeds, steps)
        return market._replace(prices=FACTOR * market.prices)
"""


def test_a_users_market_that_was_edited_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its source is part of what its cached simulations are named by."""
    monkeypatch.setitem(REGISTER, "market", dict(REGISTER["market"]))

    def made(factor: float) -> Market:
        path = tmp_path / "own_market.py"
        path.write_text(text := OWN.replace("FACTOR", str(factor)))
        return markets(module_of(path, text.encode(), "market").Own(), [1], 50)

    before, again, edited = made(1.0), made(1.0), made(2.0)
    assert (before.prices == again.prices).all()
    assert (edited.prices == 2 * before.prices).all()
