"""A user's own components, in a folder outside the package: the manual's, word for word."""

from pathlib import Path

import own
import pytest
from toy import TOY, Call

SMALL = ("simulations=8", "steps=200", "epoch.length=100")
SHORT = (
    "tokens=[BTC,ETH]",
    "start=2021-01-08",
    "end=2021-01-12",
    "data.burn_in_days=5",
    "plugins=[mine.py]",
)


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
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
        2, "export: k_per_day declares no on-chain meaning", "onchain=OnChain('k_per_day')"
    )


def test_an_own_pool_is_simulated_and_takes_no_frictions(folder: Path, call: Call) -> None:
    """A frictionless path is all it has: it holds equal amounts."""
    found = call("simulate", *SHORT, "pool=basket", "--json").json
    assert len(set(found["final"]["reserves"])) == 1
    call("simulate", *SHORT, "pool=basket", "fees=flat", "fees.fee=0.01").one_line(
        2, "fees: pool=basket has no path with frictions"
    )


def test_an_own_strategy_keeps_the_rules_and_is_played(folder: Path, call: Call) -> None:
    """Its settings are set by its name."""
    assert call("compete", "validate", "strategy.py:Vol", "--json").code == 0
    played = call(
        "compete", "strategies=[strategy.py:Vol,fixed_50]", "strategy.Vol.gain=1", *SMALL, "--json"
    ).json
    assert {"Vol", "fixed_50"} <= {row["name"] for row in played["standings"]}


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
