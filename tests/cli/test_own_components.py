"""A user's own rule, metric and pool, in a folder outside the package: the README's, word for word."""

import re
from pathlib import Path

import pytest
from toy import TOY, Call

IMPORTS = """
from dataclasses import dataclass

import jax.numpy as jnp

from quantamm_cli.core.bijectors import Log2, Memory, decay
from quantamm_cli.core.contracts import LAMB, OnChain
from quantamm_cli.core.minute import window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import Quotes, paid_first
from quantamm_cli.core.types import Path
from quantamm_cli.metrics.base import metric
from quantamm_cli.pools.base import AbstractPool, shares
from quantamm_cli.rules.base import WeightRule, centred

"""
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
    """Where a user runs, with what the README tells to write."""
    text = (root / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 5
    strategy, *others = blocks
    (tmp_path / "strategy.py").write_text(strategy)
    (tmp_path / "mine.py").write_text(IMPORTS + "\n\n".join(others))
    (yaml,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    own = {
        "pool/rule/reversion": yaml,
        "pool/basket": "kind: basket\n",
        "pool/swapping": "kind: swapping\n",
        "metric/final_value": "kind: final_value\nturnover_penalty: 0.0\n",
    }
    for name, content in own.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


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
    (folder / "undeclared.py").write_text(text.replace(', onchain=OnChain("k")', ""))
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


def test_an_own_pool_competes_by_its_quotes(folder: Path, call: Call) -> None:
    """By its name, as the constant-product pool that it is; who checks the receipt names its file; one without is refused."""
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
