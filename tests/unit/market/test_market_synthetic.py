"""The embedded market: the same bits everywhere, and the habits of a real one."""

import hashlib

import numpy as np
import pytest

from quantamm_cli.errors import DataError
from quantamm_cli.market.synthetic import FIRST, LAST, Synthetic
from quantamm_cli.random.noise import gaussians, moving_average, uniforms, words
from quantamm_cli.settings.types import minute

DAY, YEAR = 1440, 525_600
END = FIRST + 3 * YEAR
TOKENS = ("BTC", "ETH", "SOL", "FOO")
DIGESTS = {
    (0, "BTC"): "c47a935f367ed36b421d65b4f109f03ffc68c82909df464d3cef3ceca3f5790c",
    (0, "USDC"): "ce20e919a7c43760efc2af9932a5a1c32c25cd5b945f274059bbb8fef78ac0e1",
    (7, "BTC"): "2c95cb077b3d766efb5d9e91efe719ec841983bc81a1a66e00bc08e281255b75",
    (7, "USDC"): "abb5e03acaf0751ee148090e147e7ad5f562e1ab9b846f9c8fac305a5e1a4391",
}
WORDS = [12030055864189158129, 8458031771470088025]
GAUSSIANS = [0.12725830079606482, -0.01399230957194142]


@pytest.fixture(scope="module")
def logs() -> np.ndarray:
    """Log prices (tokens, minutes) of three years."""
    return np.log([Synthetic(seed=3).read(token, FIRST, END).closes for token in TOKENS])


@pytest.mark.parametrize(("seed", "token"), DIGESTS)
def test_the_same_bits_everywhere(seed: int, token: str) -> None:
    closes = Synthetic(seed=seed).read(token, FIRST, FIRST + 100_000).closes
    assert hashlib.sha256(closes.astype("<f8").tobytes()).hexdigest() == DIGESTS[seed, token]


def test_the_raw_words_are_those_of_pcg64() -> None:
    assert words(2, "a", 1).tolist() == WORDS
    assert gaussians(2, "a", 1).tolist() == GAUSSIANS


@pytest.mark.parametrize("token", ["BTC", "USDC"])
def test_a_path_does_not_depend_on_the_minutes_or_tokens_asked_for(token: str) -> None:
    source = Synthetic(seed=5)
    whole = source.read(token, FIRST, FIRST + 10_000).closes
    source.read("ETH", FIRST, FIRST + 77)
    for first, last in ((0, 1), (59, 61), (1234, 5678), (9_999, 10_000)):
        assert np.array_equal(
            source.read(token, FIRST + first, FIRST + last).closes, whole[first:last]
        )


def test_seed_and_name_make_another_path() -> None:
    paths = [
        Synthetic(seed=seed).read(token, FIRST, FIRST + 9).closes
        for seed in (0, 1)
        for token in ("BTC", "ETH", "FOO", "BAR", "USDC", "USDT")
    ]
    assert len({path[1:].tobytes() for path in paths}) == len(paths)


@pytest.mark.parametrize("token", ["USDC", "USDT", "USD", "DAI"])
def test_pegged_tokens_stay_within_basis_points_of_one(token: str) -> None:
    off = Synthetic().read(token, FIRST, END).closes - 1.0
    assert np.abs(off).max() < 2e-3
    assert 5e-5 < off.std() < 5e-4
    assert abs(off.mean()) < 5e-5


def test_volatility_a_year(logs: np.ndarray) -> None:
    volatility = np.diff(logs).std(axis=1) * np.sqrt(YEAR)
    assert 0.45 < volatility[0] < 0.75
    assert all(0.55 < value < 1.05 for value in volatility[1:])


def test_tokens_move_together(logs: np.ndarray) -> None:
    pairs = np.corrcoef(np.diff(logs))[np.triu_indices(len(TOKENS), 1)]
    assert 0.4 < pairs.min() < pairs.max() < 0.8


def test_turbulence_comes_in_clusters_and_tails_are_fat(logs: np.ndarray) -> None:
    for token in logs:
        hourly = np.abs(np.diff(token[::60]))
        assert np.corrcoef(hourly[1:], hourly[:-1])[0, 1] > 0.1
        assert np.corrcoef(hourly[24:], hourly[:-24])[0, 1] > 0.05
        daily = np.diff(token[::DAY])
        assert np.mean((daily - daily.mean()) ** 4) / daily.var() ** 2 > 3.5


def test_drifts_last_for_days_and_are_weak() -> None:
    """Over ten markets the daily returns of a week tell a little about the next one's."""
    before, after = [], []
    for seed in range(10):
        daily = np.diff(
            np.log(Synthetic(seed=seed).read("BTC", FIRST, FIRST + 2 * YEAR).closes[::DAY])
        )
        weeks = daily[: daily.size // 7 * 7].reshape(-1, 7).sum(axis=1)
        before.append(weeks[:-1])
        after.append(weeks[1:])
    assert 0.0 < np.corrcoef(np.concatenate(before), np.concatenate(after))[0, 1] < 0.25


@pytest.mark.parametrize("seed", range(0, 21, 4))
def test_no_token_dies_or_takes_over(seed: int) -> None:
    for token in ("BTC", "XRP"):
        closes = Synthetic(seed=seed).read(token, FIRST, LAST).closes
        assert np.isfinite(closes).all()
        assert 1e-3 < closes.min() / closes[0] < closes.max() / closes[0] < 1e3
        assert np.abs(np.diff(np.log(closes))).max() < 0.4


def test_first_prices() -> None:
    def opening(token: str) -> float:
        return float(Synthetic().read(token, FIRST, FIRST + 1).closes[0])

    assert opening("BTC") == pytest.approx(29_000, rel=0.02)
    assert all(0.09 < opening(f"T{number}") < 1010 for number in range(30))


def test_the_calendar() -> None:
    assert (FIRST, LAST) == (minute("2021-01-01"), minute("2026-01-01")) == Synthetic().span("ANY")
    assert Synthetic().read("BTC", LAST - 1, LAST).closes.size == 1
    with pytest.raises(
        DataError,
        match=(
            r"data=synthetic, BTC: BTC has prices from 2021-01-01 to 2026-01-01, "
            r"the run needs 2020-12-31"
        ),
    ):
        Synthetic().read("BTC", minute("2020-12-31"), FIRST)


def test_noise_has_the_moments_it_claims() -> None:
    normal, flat, slow = (
        gaussians(200_000, "moments"),
        uniforms(200_000, "moments"),
        moving_average(200_000, 50, "moments"),
    )
    assert normal.mean() == pytest.approx(0, abs=0.01) and normal.std() == pytest.approx(
        1, abs=0.01
    )
    assert flat.mean() == pytest.approx(0.5, abs=0.005) and 0 < flat.min() < flat.max() <= 1
    assert slow.mean() == pytest.approx(0, abs=0.1) and slow.std() == pytest.approx(1, abs=0.05)
    assert np.corrcoef(slow[50:], slow[:-50])[0, 1] == pytest.approx(0, abs=0.1)
    assert np.array_equal(gaussians(40_000, "moments"), normal[:40_000])
