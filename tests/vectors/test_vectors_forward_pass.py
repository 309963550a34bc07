"""Whole runs on real minute prices: value, reserves, weights and metrics,
from a simulator that is not ours.

Settings go in as a person's would: a tree, decoded, the market loaded,
the feed built, the pool run.
"""

import json
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.config.components import load_components
from quantamm_cli.core.executor import chosen, executor
from quantamm_cli.core.types import Daily, Feed, Trajectory
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.market import Market, Source, load
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.metrics.base import LARGEST
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import date_text, minute

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CASES = {
    case["name"]: case
    for case in json.loads(Path(__file__).with_name("forward_pass.json").read_text())
}
CHUNKS = [
    name
    for name, case in CASES.items()
    if case["rule"] != "balancer" and not case["settings"].get("fees")
]
LOOPED = (
    "mean_reversion_channel_zero_fee_3",
    "momentum_approx_optimal",
    "momentum_arb_every_5",
    "momentum_fee_2_noise_protocol",
    "balancer_fee_3_pairwise",
    "balancer_zero_fee",
)
"""One case of each kind of program, for JAX's loops: ``tests/laws/test_laws_executors.py`` says
for every pool, rule and guard that they find what compiled code does. ``make scan`` runs all.
"""
COLUMNS = ("prices", "value", "reserves", "weights")
DAY = 1440
FEES = {"fees": "fee", "gas_cost": "gas_cost", "arb_fees": "arb_fee"} | {
    name: name for name in ("noise_trader_ratio", "protocol_fee_split", "arb_frequency")
}
GUARD = {"maximum_change": 3e-4, "minimum_weight": None}

load_components()
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real prices of ../shared/data are not here"
)


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
        tree = (
            {
                "kind": "temporal",
                "rule": {"kind": case["rule"]},
                "guard": {"kind": "standard"} | guard,
            }
            | moves
            | pool
        )
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


@partial(jax.jit, static_argnames="rows")
def run(
    pool: Any, looped: Any, params: Any, world: Feed, rows: int
) -> tuple[Trajectory, Daily | None, list[Any]]:
    """In one program: every minute, the days by the short cut if there is one, and the blocks'
    weights of the pool and of ``looped``.
    """
    path = simulate(pool, params, world, 0, rows)
    whole = (
        None if world.prefix is None else days(pool, params, world, 0, (("all", 0, rows),))["all"]
    )
    blocks = [
        each.weight_blocks(params, world, jnp.asarray(0), -(-rows // each.chunk))[:2]
        for each in (pool, looped)
        if looped
    ]
    return path, whole, blocks


measure = jax.jit(
    score, static_argnames="names"
)  # apart from the run: one program serves all pools


class Found(NamedTuple):
    """Of a case what the tests look at."""

    columns: dict[str, Any]
    """Of the expected rows."""
    metrics: dict[str, Any]
    days: Any
    short: tuple[Any, dict[str, Any]] | None
    """Days and metrics of the short cut."""
    blocks: list[Any]


@cache
def found(name: str, computed_by: str) -> Found:
    """A case, run once in the executor that is chosen."""
    case = CASES[name]
    told, expected = settings(case, weight_calculation_method="vectorized"), case["expected"]
    looped = settings(case, weight_calculation_method="scan").pool if name in CHUNKS else None
    path, whole, blocks = run(told.pool, looped, raw(case), market(told), case["minutes"])
    rows, names = np.asarray(expected["rows"]), tuple(expected["metrics"])
    columns = {
        column: np.asarray(getattr(path, column))[rows] for column in COLUMNS if column in expected
    }
    of_days = tuple(metric for metric in names if METRICS[metric].reads == "days")
    short = None if whole is None else jax.device_get((whole.days, measure(whole, of_days)))
    return Found(
        columns, *jax.device_get((measure(path, names), path.days)), short, jax.device_get(blocks)
    )


@pytest.mark.parametrize("name", CASES)
def test_a_whole_run_is_what_another_simulator_found(name: str) -> None:
    """Value, reserves, weights, prices at ten rows, and all thirty metrics;
    a day's rows by the short cut too.
    """
    check(name, chosen())


@pytest.mark.parametrize("name", LOOPED)
def test_loops_of_jax_find_it_too(name: str) -> None:
    """The same without compiled code."""
    with executor("scan"):
        check(name, "scan")


def check(name: str, computed_by: str) -> None:
    """A case in the executor that is chosen."""
    case, expected = CASES[name], CASES[name]["expected"]
    tolerance = 2e-6 if case["settings"].get("fees") else 1e-9
    assert len(expected["metrics"]) == 30
    assert set(expected["metrics"]) < set(METRICS)
    run = found(name, computed_by)
    for column, value in run.columns.items():
        np.testing.assert_allclose(value, expected[column], rtol=tolerance, err_msg=column)
    for metric, value in expected["metrics"].items():
        if abs(value) > LARGEST:  # it divides by what only rounding keeps from zero
            assert not np.isfinite(run.metrics[metric]), metric
            continue
        np.testing.assert_allclose(run.metrics[metric], value, rtol=1e-5, atol=1e-7, err_msg=metric)
    if run.short is not None:
        np.testing.assert_allclose(run.short[0], run.days, rtol=1e-11)
        for metric, value in run.short[1].items():
            np.testing.assert_allclose(value, run.metrics[metric], rtol=1e-8, err_msg=metric)


@pytest.mark.parametrize("name", CHUNKS)
def test_the_loop_over_chunks_and_the_columns_agree(name: str) -> None:
    """``weight_calculation_method=scan`` gives the weights of ``vectorized``
    at every chunk, to 1e-12.
    """
    agree(name, chosen())


@pytest.mark.parametrize("name", [name for name in LOOPED if name in CHUNKS])
def test_they_agree_in_loops_of_jax(name: str) -> None:
    """The same without compiled code."""
    with executor("scan"):
        agree(name, "scan")


def agree(name: str, computed_by: str) -> None:
    """Both ways to compute the weights of a case, in the executor that is chosen."""
    for one, other in zip(*found(name, computed_by).blocks, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
