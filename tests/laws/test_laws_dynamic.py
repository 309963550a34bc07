"""What is given minute by minute: frictions, the LP supply, trades,
and pools taken up where another run left them.
"""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import polars
import pytest
from kinds import DAY, assets_of, build, components, opening, small, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.config.input_checks import estimators
from quantamm_cli.core.types import Feed, Trading, Trajectory
from quantamm_cli.engine.feed import feed as fed
from quantamm_cli.engine.forward import simulate
from quantamm_cli.kernels.operands import Trades
from quantamm_cli.market import load
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import minute

ROWS = DAY
COSTLY = [name for name in components("pool") if small("pool", name).takes_frictions]  # type: ignore[attr-defined]
TRADED = [name for name in COSTLY if small("pool", name).takes_trades]  # type: ignore[attr-defined]
FRICTIONS = {"fee": 0.003, "gas_cost": 2.0, "arb_fee": 1e-4}
costly = pytest.mark.parametrize("name", COSTLY)
trading = pytest.mark.parametrize("name", TRADED)
run = jax.jit(simulate, static_argnames="rows")
AT = 300
"""A minute of the first block when weights rest."""


class Bench:
    """A pool, its parameters and a world to try it in."""

    def __init__(self, name: str, prices: NDArray[np.float64], **fees: float) -> None:
        self.pool: Any = small("pool", name)
        self.assets = assets_of(self.pool)
        self.params = opening(self.pool, self.assets)
        self.feed = world(
            self.pool, prices[: 3 * DAY + ROWS, : self.assets], **(fees or {"fee": 0.003})
        )
        if "weights" in self.feed.series:
            weights = np.asarray(self.feed.series["weights"])
            self.feed.series["weights"] = np.broadcast_to(weights[DAY], weights.shape)

    def run(self, feed: Feed | None = None) -> Trajectory:
        found = run(self.pool, self.params, self.feed if feed is None else feed, 0, ROWS)
        return Trajectory(*jax.tree.map(np.asarray, tuple(found)))

    def trades(
        self, *given: tuple[int, int, int, int, float, bool], do_arb: bool = True, every: int = 1
    ) -> Trajectory:
        """A run with trades: minute, place in it, token paid, token taken, amount,
        whether it is what is taken.
        """
        columns = [
            np.full((ROWS, 2), -1),
            np.full((ROWS, 2), -1),
            np.zeros((ROWS, 2)),
            np.zeros((ROWS, 2), bool),
        ]
        for at, place, *values in given:
            for column, value in zip(columns, values, strict=True):
                column[at, place] = value
        trading = Trading(every=every, do_arb=do_arb)
        return self.run(self.feed._replace(trades=Trades(*columns), trading=trading))

    def with_frictions(self, **changes: Any) -> Feed:
        assert self.feed.frictions is not None
        return self.feed._replace(frictions=self.feed.frictions._replace(**changes))


def same(one: Trajectory, other: Trajectory, rtol: float = 1e-13) -> None:
    for name in ("weights", "reserves", "value"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=rtol, err_msg=name
        )
    np.testing.assert_allclose(one.fees, other.fees, rtol=1e-9, atol=1e-9)


@costly
def test_a_series_that_does_not_change_is_a_number(name: str, prices: NDArray[np.float64]) -> None:
    """Fees, gas, arbitrage fee; and an LP supply that stays is none."""
    bench = Bench(name, prices, **FRICTIONS)
    minutes = {key: np.full(ROWS, value) for key, value in FRICTIONS.items()}
    plain = bench.run()
    same(bench.run(bench.with_frictions(**minutes)), plain)
    same(bench.run(bench.with_frictions(**minutes, lp_supply=np.full(ROWS, 7.0))), plain)


@costly
def test_twice_the_providers_are_twice_the_pool(name: str, prices: NDArray[np.float64]) -> None:
    """Value and reserves double at the minute at which the supply does, weights stay;
    as if it had been so large before.
    """
    bench = Bench(name, prices)
    plain, grown = (
        bench.run(),
        bench.run(bench.with_frictions(lp_supply=np.where(np.arange(ROWS) < AT, 3.0, 6.0))),
    )
    factor = np.where(np.arange(ROWS) < AT, 1.0, 2.0)
    np.testing.assert_allclose(grown.value, plain.value * factor, rtol=1e-12)
    np.testing.assert_allclose(grown.reserves, plain.reserves * factor[:, None], rtol=1e-12)
    np.testing.assert_allclose(grown.weights, plain.weights, rtol=1e-12)


@costly
def test_providers_come_without_arbitrageurs(name: str, prices: NDArray[np.float64]) -> None:
    """``do_arb=false``: reserves change with the supply only."""
    bench = Bench(name, prices)
    feed = bench.with_frictions(lp_supply=np.where(np.arange(ROWS) < AT, 1.0, 0.5))._replace(
        trading=Trading(do_arb=False)
    )
    reserves = bench.run(feed).reserves
    np.testing.assert_array_equal(reserves[:AT], np.broadcast_to(reserves[0], reserves[:AT].shape))
    np.testing.assert_allclose(
        reserves[AT:], np.broadcast_to(reserves[0] / 2, reserves[AT:].shape), rtol=1e-13
    )


@trading
def test_a_trade_of_nothing_is_no_trade(name: str, prices: NDArray[np.float64]) -> None:
    bench = Bench(name, prices)
    found = bench.trades((AT, 0, 0, 1, 0.0, False), (AT, 1, 1, 0, 0.0, True))
    same(found, bench.run(), rtol=1e-12)
    assert found.refused is not None and not found.refused.any()


@trading
def test_without_arbitrage_reserves_change_when_there_is_a_trade(
    name: str, prices: NDArray[np.float64]
) -> None:
    """What comes in is in the pool to the last digit, the fee included;
    fees are earned then and only then.
    """
    bench = Bench(name, prices)
    found = bench.trades((AT, 0, 0, 1, 0.25, False), (AT + 7, 0, 1, 0, 0.5, True), do_arb=False)
    changed = np.flatnonzero((np.diff(found.reserves, axis=0) != 0).any(-1)) + 1
    assert changed.tolist() == [AT, AT + 7]
    first, second = (found.reserves[at] - found.reserves[at - 1] for at in changed)
    assert first[0] == pytest.approx(0.25, rel=1e-9)
    assert second[0] == pytest.approx(-0.5, rel=1e-9)
    assert first[1] < 0 < second[1]
    assert np.flatnonzero(found.fees).tolist() == changed.tolist()


@trading
def test_trades_of_a_minute_happen_in_their_order(name: str, prices: NDArray[np.float64]) -> None:
    """Two in one minute are one and then the other; the other way round is something else."""
    bench = Bench(name, prices)
    one, other = (0, 1, 2.0, False), (1, 0, 1.5, True)
    together = bench.trades((AT, 0, *one), (AT, 1, *other), do_arb=False)
    apart = bench.trades((AT, 0, *one), (AT + 1, 0, *other), do_arb=False)
    turned = bench.trades((AT, 0, *other), (AT, 1, *one), do_arb=False)
    np.testing.assert_allclose(together.reserves[AT + 1], apart.reserves[AT + 1], rtol=1e-13)
    assert np.abs(turned.reserves[AT] / together.reserves[AT] - 1).max() > 1e-9


@trading
def test_exact_in_and_exact_out_are_mirrors(name: str, prices: NDArray[np.float64]) -> None:
    """Asking for what an exact-in trade paid out costs what it paid in."""
    bench = Bench(name, prices)
    paid = bench.trades((AT, 0, 0, 1, 2.0, False), do_arb=False)
    out = float(paid.reserves[AT - 1, 1] - paid.reserves[AT, 1])
    mirrored = bench.trades((AT, 0, 0, 1, out, True), do_arb=False)
    np.testing.assert_allclose(mirrored.reserves[AT], paid.reserves[AT], rtol=1e-9)
    np.testing.assert_allclose(mirrored.fees[AT], paid.fees[AT], rtol=1e-6)


@trading
def test_what_a_pool_cannot_pay_is_refused_and_counted(
    name: str, prices: NDArray[np.float64]
) -> None:
    """It leaves everything as it was, and the next trade of the minute happens."""
    bench = Bench(name, prices)
    whole = float(bench.run().reserves[AT].max()) * 10
    without = bench.trades((AT, 0, 0, 1, 0.25, False))
    found = bench.trades((AT, 0, 0, 1, whole, True), (AT, 1, 0, 1, 0.25, False))
    same(found, without, rtol=1e-14)
    assert found.refused is not None
    assert np.flatnonzero(found.refused).tolist() == [AT]
    assert found.refused.sum() == 1


@trading
def test_arbitrage_comes_at_its_minutes_and_trades_at_theirs(
    name: str, prices: NDArray[np.float64]
) -> None:
    """``arb_frequency`` beside external trades."""
    bench = Bench(name, prices)
    found = bench.trades((AT + 1, 0, 0, 1, 0.25, False), every=7)
    changed = set(np.flatnonzero((np.diff(found.reserves, axis=0) != 0).any(-1)) + 1)
    assert AT + 1 in changed
    assert changed - {AT + 1} <= set(range(0, ROWS, 7))
    assert len(changed) > 9


def test_a_later_start_reads_the_same_stamps(tmp_path: Path) -> None:
    """Frictions, supply and trades belong to their minutes, wherever the run begins;
    so do series at the chunks.
    """
    begin, hours = minute("2022-03-01"), np.arange(0, 96)
    unix = (begin + 60 * hours) * 60
    random = np.random.default_rng(3)
    polars.DataFrame(
        {"unix": unix, "fee": random.random(96) / 50, "lp_supply": 1 + random.random(96)}
    ).write_csv(tmp_path / "f.csv")
    trades = {
        "unix": unix,
        "token_in": ["A"] * 96,
        "token_out": ["B"] * 96,
        "amount_in": random.random(96),
    }
    polars.DataFrame(trades).write_parquet(tmp_path / "t.parquet")
    polars.DataFrame(
        {"unix": unix - 864_000, "A": random.random(96), "B": random.random(96)}
    ).write_csv(tmp_path / "s.csv")
    source = Synthetic(burn_in_days=1, series={"supply": str(tmp_path / "s.csv")})

    def told(start: str) -> Feed:
        settings = Simulate(
            tokens=("A", "B"),
            start=start,
            end="2022-03-04",
            data=source,
            pool=with_rule("index_market_cap"),
            fees=build("fees", "recorded", file=str(tmp_path / "f.csv")),
            trades=build("trades", "recorded", file=str(tmp_path / "t.parquet")),
        )
        first, last = minute(settings.start), minute(settings.end)
        return fed(
            settings,
            load(
                source,
                settings.tokens,
                first,
                last,
                ("supply",),
                settings.trades,
                settings.fees,
            ),
        )

    early, late, offset = told("2022-03-01"), told("2022-03-02T05:00"), DAY + 300
    assert early.frictions is not None and late.frictions is not None
    for name in ("fee", "lp_supply"):
        np.testing.assert_array_equal(
            getattr(late.frictions, name), getattr(early.frictions, name)[offset:]
        )
    assert early.trades is not None and late.trades is not None
    for one, other in zip(early.trades, late.trades, strict=True):
        np.testing.assert_array_equal(one[offset:], other)
    assert int((np.asarray(late.trades.pay) >= 0).sum()) == 72 - 29


COSTS: dict[str, dict[str, float]] = {
    "free": {},
    "fee": {"fee": 0.003},
    "costly": {**FRICTIONS, "noise_trader_ratio": 0.5},
}
LEFT = [("momentum", "auto", costs) for costs in COSTS]
LEFT += [
    ("momentum", "scan", "fee"),
    ("momentum", "hybrid", "free"),
    ("min_variance", "auto", "fee"),
    ("min_variance", "scan", "free"),
]


@jax.jit
def run_and_readouts(pool: Any, params: Any, feed: Feed) -> Any:
    return tuple(simulate(pool, params, feed, 0, ROWS)), pool.readouts(params, feed)


@pytest.mark.parametrize(("rule", "method", "costs"), LEFT)
def test_a_pool_is_taken_up_where_it_was_left(
    rule: str, method: str, costs: str, prices: NDArray[np.float64]
) -> None:
    """Reserves, weights and read-outs of the row at a chunk's first minute are all that a
    run from that row on needs.
    """
    pool = with_rule(rule, weight_calculation_method=method)
    params, fees = opening(pool, 3), COSTS[costs]
    here = 720
    feed = world(pool, prices, **fees)
    path, columns = run_and_readouts(pool, params, feed)
    whole = Trajectory(*map(np.asarray, path[:5]))
    chunk = int(feed.first_chunk) + (3 * DAY + here) // 360
    state = {name: np.asarray(column)[chunk] for name, column in columns.items()}
    assert set(state) == set(estimators(pool, 3))
    later = world(pool, prices[3 * DAY + here :], burn_in=0, **fees)._replace(
        initial_reserves=whole.reserves[here], state=state
    )
    left = params | {"initial_weights_logits": np.log(whole.weights[here])}
    found = Trajectory(*map(np.asarray, run(pool, left, later, 0, ROWS - here)[:5]))
    same(found._replace(fees=whole.fees[here:]), whole.rows(here, ROWS), rtol=1e-10)
    np.testing.assert_allclose(found.fees[1:], whole.fees[here + 1 :], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["balancer", "hodl"])
def test_a_pool_without_memory_needs_its_reserves_only(
    name: str, prices: NDArray[np.float64]
) -> None:
    """Handed over after its last row, it goes on in the next."""
    pool = small("pool", name)
    params, here = opening(pool, 3), 777  # type: ignore[arg-type]
    fees = {} if name == "hodl" else {"fee": 0.003}
    whole = run(pool, params, world(pool, prices, **fees), 0, ROWS)  # type: ignore[arg-type]
    later = world(pool, prices[here:], **fees)._replace(initial_reserves=whole.reserves[here - 1])  # type: ignore[arg-type]
    found = run(pool, params, later, 0, ROWS - here)
    np.testing.assert_allclose(found.reserves, whole.reserves[here:], rtol=1e-13)
