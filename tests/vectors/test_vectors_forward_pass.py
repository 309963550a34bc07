"""Whole runs on real minute prices: value, reserves, weights and metrics, from a simulator that is not ours.

Settings go in as a person's would: a tree, decoded, the market loaded, the feed built, the pool run.
"""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.config.components import load_components
from quantamm_cli.core.types import Feed
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.market import Market, Source, load
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import date_text, minute

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CASES = {case["name"]: case for case in json.loads(Path(__file__).with_name("forward_pass.json").read_text())}
CHUNKS = [name for name, case in CASES.items() if case["rule"] != "balancer" and not case["settings"].get("fees")]
DAY = 1440
FEES = {"fees": "fee", "gas_cost": "gas_cost", "arb_fees": "arb_fee"} | {
    name: name for name in ("noise_trader_ratio", "protocol_fee_split", "arb_frequency")
}
GUARD = {"maximum_change": 3e-4, "minimum_weight": None}

load_components()
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="the real prices of ../shared/data are not here"),
    pytest.mark.usefixtures("each_executor"),
]


def settings(case: dict[str, Any], **pool: Any) -> Simulate:
    """The case as a user's tree, decoded."""
    told = case["settings"]
    fees = {FEES[key]: value for key, value in told.items() if key in FEES}
    kind = "flat" if any(key not in ("arb_frequency",) for key in fees) else "none"
    solver = "pairwise" if case["name"].endswith("_pairwise") else "exact"
    tree: dict[str, Any] = {"kind": case["rule"]}
    if case["rule"] != "balancer":
        guard = {key: told.get(key, default) for key, default in GUARD.items()}
        moves = {key: value for key, value in told.items() if key not in FEES and key not in GUARD}
        tree = {"kind": "temporal", "rule": {"kind": case["rule"]}, "guard": {"kind": "standard"} | guard} | moves | pool
    burn_in = (minute(case["start"]) - minute(case["data_start"])) // DAY
    return decode(
        Simulate,
        {
            "tokens": case["tokens"],
            "start": case["start"],
            "end": date_text(minute(case["start"]) + case["minutes"]),
            "data": {"kind": "parquet", "dir": str(DATA), "burn_in_days": burn_in},
            "pool": tree,
            "fees": {"kind": kind, "arbitrage": solver} | fees,
            "params": case["params"],
        },
    )


LOADED: dict[tuple[str, int, int], Market] = {}


def market(told: Simulate) -> Feed:
    """The case's prices as its pool takes them; read once for all cases that share them."""
    assert isinstance(told.data, Source)
    first, last = minute(told.start), minute(told.end)
    key = (f"{told.data!r} {told.tokens}", first, last)
    if key not in LOADED:
        LOADED[key] = load(told.data, told.tokens, first, last)
    return feed(told, LOADED[key])


def raw(case: dict[str, Any]) -> dict[str, Any]:
    """The case's raw parameters."""
    return {name: jnp.asarray(value) for name, value in case["params"].items()}


run = jax.jit(simulate, static_argnames="rows")
run_days = jax.jit(days, static_argnames="spans")
measure = jax.jit(score, static_argnames="names")  # apart from the run: one program serves all pools


@pytest.mark.parametrize("name", CASES)
def test_a_whole_run_is_what_another_simulator_found(name: str) -> None:
    """Value, reserves, weights, prices at ten rows, and all thirty metrics; a day's rows by the short cut too."""
    case = CASES[name]
    told, expected = settings(case), case["expected"]
    tolerance = 2e-6 if case["settings"].get("fees") else 1e-9
    world = market(told)
    names = tuple(expected["metrics"])
    assert len(names) == 30
    assert set(names) < set(METRICS)
    path = run(told.pool, raw(case), world, 0, case["minutes"])
    rows = np.asarray(expected["rows"])
    for column in [column for column in ("prices", "value", "reserves", "weights") if column in expected]:
        np.testing.assert_allclose(np.asarray(getattr(path, column))[rows], expected[column], rtol=tolerance, err_msg=column)
    metrics = measure(path, names)
    for metric, value in expected["metrics"].items():
        np.testing.assert_allclose(metrics[metric], value, rtol=1e-5, atol=1e-7, err_msg=metric)
    if world.prefix is not None:
        whole = run_days(told.pool, raw(case), world, 0, (("all", 0, case["minutes"]),))["all"]
        np.testing.assert_allclose(whole.days, path.days, rtol=1e-11)
        for metric, value in score(whole, [metric for metric in names if METRICS[metric].reads == "days"]).items():
            np.testing.assert_allclose(value, metrics[metric], rtol=1e-8, err_msg=metric)


@pytest.mark.parametrize("name", CHUNKS)
def test_the_loop_over_chunks_and_the_columns_agree(name: str) -> None:
    """``weight_calculation_method=scan`` gives the weights of ``vectorized`` at every chunk, to 1e-12."""
    case = CASES[name]
    weights = []
    for method in ("vectorized", "scan"):
        told = settings(case, weight_calculation_method=method)
        blocks = -(-case["minutes"] // told.pool.chunk)  # type: ignore[attr-defined]
        coarse = jax.jit(lambda pool, params, world, count=blocks: pool.coarse_weights(params, world, jnp.asarray(0), count)[:2])
        weights.append(coarse(told.pool, raw(case), market(told)))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
