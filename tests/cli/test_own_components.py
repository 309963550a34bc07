"""A user's own components, in a folder outside the package: the manual's, word for word."""

from pathlib import Path
from typing import Any

import numpy as np
import own
import polars
import pytest
from toy import TOY, Call

from quantamm_cli.market import load
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.market.trades.recorded import trades_frame
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.types import minute

SMALL = ("simulations=8", "steps=200", "epoch.length=100")
SHORT = (
    "tokens=[BTC,ETH]",
    "start=2021-01-08",
    "end=2021-01-12",
    "data.burn_in_days=5",
    "plugins=[mine.py]",
)


@pytest.fixture
def folder(root: Path, tmp_path: Path, own_kinds: None) -> Path:
    """Where a user runs, with what the manual tells to write."""
    return own.write(root, tmp_path)


def test_an_own_rule_trains_for_an_own_metric(folder: Path, call: Call) -> None:
    """It is simulated, trained and told of like any other."""
    words = ("plugins=[mine.py]", "pool/rule=reversion", "metric=final_value")
    trained = call("train", *TOY, *words, "fit.steps=2", "--json").json
    assert trained["metrics"]["test"]["final_value"] == pytest.approx(trained["final"]["value"])
    assert set(trained["params"]["readable"]) == {"initial_weights", "k_per_day", "memory_days"}
    assert set(trained["final"]["readouts"]) == {"average"}
    shown = call("show", "rules", "reversion", "plugins=[mine.py]").out
    assert "Weights lean against the distance" in shown
    assert "memory_days" in shown
    exported = call("export", trained["run"], "plugins=[mine.py]", "--json").json
    assert exported["values"]["k"] == trained["params"]["readable"]["k_per_day"]
    text = (folder / "mine.py").read_text()
    (folder / "undeclared.py").write_text(text.replace('onchain=OnChain("k"),', ""))
    refused = call("export", trained["run"], "plugins=[undeclared.py]")
    refused.one_line(
        2, "export: k_per_day declares no on-chain form", "onchain=OnChain('k_per_day')"
    )


def test_an_own_pool_is_simulated_and_takes_no_frictions(folder: Path, call: Call) -> None:
    """A frictionless path is all it has: it holds equal amounts."""
    found = call("simulate", *SHORT, "pool=basket", "--json").json
    assert len(set(found["final"]["reserves"])) == 1
    call("simulate", *SHORT, "pool=basket", "fees=flat", "fees.fee=0.01").one_line(
        2, "fees: pool=basket has no path with frictions"
    )


def test_an_own_plot_is_drawn_like_any_other(folder: Path, call: Call) -> None:
    """Written beside the others, under its name."""
    files = call("simulate", *SHORT, "--plots", "--json").json["files"]
    assert {"value_plot", "exposure_plot"} <= set(files)
    assert (folder / files["exposure_plot"]).read_bytes().startswith(b"\x89PNG")


def test_an_own_strategy_keeps_the_rules_and_is_played(folder: Path, call: Call) -> None:
    """Its settings are set by its name."""
    assert call("compete", "validate", "strategy.py:Vol", "--json").code == 0
    played = call(
        "compete", "strategies=[strategy.py:Vol,fixed_50]", "strategy.Vol.gain=1", *SMALL, "--json"
    ).json
    assert {"Vol", "fixed_50"} <= {row["name"] for row in played["standings"]}


def final(answer: Any, folder: Path) -> tuple[Any, ...]:
    """What is compared bit for bit: the minutes' values, and the metrics."""
    with np.load(folder / answer["files"]["trajectory"], allow_pickle=False) as file:
        return file["value"].tobytes(), file["reserves"].tobytes(), answer["metrics"]


def test_own_fees_are_those_of_a_file_of_the_same_numbers(folder: Path, call: Call) -> None:
    """Bit for bit, and neither those of the numbers alone."""
    first, last = minute("2021-01-08"), minute("2021-01-12")
    prices = load(Synthetic(burn_in_days=1), ("BTC", "ETH"), first, last).prices.tolist()
    fee = [
        min(0.001 + 0.5 * max(abs(now / then - 1) for now, then in zip(*rows, strict=True)), 0.1)
        for rows in zip(prices[1440:], prices[1440 - 60 : -60], strict=True)
    ]
    unix = [at * 60_000 for at in range(first, last)]
    polars.DataFrame({"unix": unix, "fee": fee}).write_parquet(folder / "fees.parquet")
    fees = ("fees=volatility", "fees.gain=0.5")
    recorded = ("fees=recorded", "fees.file=fees.parquet")
    made, read, flat = (
        final(call("simulate", *SHORT, *words, "fees.fee=0.001", "--json").json, folder)
        for words in (fees, recorded, ("fees=flat",))
    )
    assert made == read
    assert made[0] != flat[0]
    call("simulate", *SHORT, *fees, "pool=basket").one_line(
        2, "fees: pool=basket has no path with frictions"
    )


def test_own_trades_are_those_of_a_file_of_the_same_trades(folder: Path, call: Call) -> None:
    """As many as were drawn of each day, wherever a run begins; bit for bit those of the file."""
    trades = ("trades=poisson", "trades.seed=7")
    told = call("simulate", *SHORT, *trades, "--json").json
    days = range(minute("2021-01-08") // 1440, minute("2021-01-12") // 1440)
    assert told["trades"]["given"] == sum(
        np.random.default_rng([7, day]).poisson(100.0) for day in days
    )
    period = (minute("2021-01-07"), minute("2021-01-13"))
    kind: Any = REGISTER["trades"]["poisson"]
    market = load(Synthetic(burn_in_days=1), ("BTC", "ETH"), *period, trades=kind(seed=7))
    assert market.trades is not None
    trades_frame(market.trades, ("BTC", "ETH"), market.start).write_csv(folder / "trades.csv")
    recorded = ("trades=recorded", "trades.file=trades.csv")
    read = call("simulate", *SHORT, *recorded, "--json").json
    assert final(told, folder) == final(read, folder)
    assert final(told, folder) != final(call("simulate", *SHORT, "--json").json, folder)
    call("simulate", *SHORT, *trades, "pool=hodl").one_line(
        2, "trades: pool=hodl takes no external trades"
    )


def test_what_they_give_is_part_of_a_market_of_settings(folder: Path, call: Call) -> None:
    """A market that Python code makes of the settings holds their numbers."""
    import quantamm_cli as qsim

    mine = folder / "mine.py"
    words = (*SHORT[:-1], f"plugins=[{mine}]", "fees=volatility", "trades=poisson")
    settings = qsim.compose("simulate", *words, config_dir=str(folder / "conf"))
    market = qsim.market(settings)
    assert set(market.tables) == {"fees", "trades"}
    direct, held = (
        qsim.simulate(settings, **more).trajectory.value for more in ({}, {"market": market})
    )
    assert direct.tobytes() == held.tobytes()


def test_an_own_fitter_trains_under_an_own_guard_on_an_own_practice(
    folder: Path, call: Call
) -> None:
    """The guard follows what the rule asks for in part: wholly, it is the standard one."""
    words = ("plugins=[mine.py]", "fit=lion", "practice=mirrored", "pool/guard=gentle", "--json")
    trained = call("train", *TOY, *words, "fit.steps=2").json
    assert len(set(trained["params"]["raw"]["log_k"])) == 2
    usual, whole, still = (
        call("simulate", *SHORT, *more, "--json").json["final"]["weights"][0]
        for more in (
            (),
            ("pool/guard=gentle", "pool.guard.share=1.0"),
            ("pool/guard=gentle", "pool.guard.share=1e-9"),
        )
    )
    assert whole == pytest.approx(usual, rel=1e-12)
    assert still == pytest.approx(0.5, abs=1e-6)
    assert abs(usual - 0.5) > 0.1


def test_an_own_source_has_the_prices_it_says(folder: Path, call: Call) -> None:
    """Without a swing nothing is gained."""
    words = ("data=swing", "tokens=[BTC,LINK]", "pool=hodl", "--json")
    still, swung = (
        call("simulate", *SHORT, *words, f"data.size={size}").json["metrics"]["returns"]
        for size in (0, 0.2)
    )
    assert still == pytest.approx(0, abs=1e-12)
    assert abs(swung) > 0.01


def test_an_own_market_is_played(folder: Path, call: Call) -> None:
    """Arbitrageurs take more where the price falls at once."""
    words = ("strategies=[fixed_fee]", "plugins=[mine.py]", *SMALL, "--json")
    usual, fallen = (
        call("compete", *words, *more).json["standings"][0]["arb_edge"]
        for more in ((), ("market=crash", "market.fall=0.5"))
    )
    assert fallen < usual


def test_an_own_pool_competes_by_its_quotes(folder: Path, call: Call) -> None:
    """By its name, as the constant-product pool that it is; its receipt can be verified."""
    words = ("strategies=[swapping,fixed_40]", "plugins=[mine.py]", *SMALL)
    played = call("compete", *words, "strategy.swapping.fee_bps=40", "--json").json
    edges = {row["name"]: row["edge"]["mean"] for row in played["standings"]}
    assert edges["swapping"] == pytest.approx(edges["fixed_40"], rel=1e-6)
    receipt = str(folder / "runs" / str(played["run"]) / "receipt.json")
    verified = call("compete", "--verify", receipt, "plugins=[mine.py]", "--json")
    assert verified.code == 0, verified.err
    call("compete", "strategies=[basket]", "plugins=[mine.py]", *SMALL).one_line(
        2, "strategy.basket.pool: pool=basket cannot compete, as it has no quotes"
    )
    call("compete", "strategies=[baskt]", "plugins=[mine.py]", *SMALL).one_line(
        2, "no strategy or pool is called 'baskt' (did you mean 'basket'?)"
    )
