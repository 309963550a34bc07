"""The competition against numbers of an engine written apart: arbitrage, routing, capital, whole
traces, edges seed by seed.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from numpy.typing import NDArray

from quantamm_cli.competition import arbitrage, capital, routing
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.engine import compete
from quantamm_cli.competition.fill import Fill
from quantamm_cli.competition.marginal_price import constant_product_line, slope
from quantamm_cli.competition.market.kinds.challenge import Challenge
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.competition.strategy import constant_product
from quantamm_cli.competition.types import Entrant, Market, Rules

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("competition.json").read_text())
LEAST = Least(0.01, 0.01)
AS_MEASURED = {"score": "absolute", "weights": "spread", "floor": 0.02, "risk_aversion": 2.0}
"""The rules under which the vectors' epochs were computed."""


def column(cases: Sequence[dict[str, Any]], key: str) -> NDArray[np.float64]:
    return np.asarray([[float(case[key]) for case in cases]])


def fixed(fees: Sequence[float]) -> list[Entrant]:
    return [Entrant(f"fixed_{fee:g}", FixedFee(fee_bps=float(fee))) for fee in fees]


def hand_market() -> Market:
    """The market of the trace that was made by hand."""
    trace = VECTORS["trace_hand"]
    orders = [
        (step, buys, size) for step, listed in enumerate(trace["orders"]) for buys, size in listed
    ]
    step, buys, size = (np.array([values]) for values in zip(*orders, strict=True))
    one = np.ones(1)
    fee, liquidity = trace["normaliser"]["fee_bps"] / 1e4 * one, trace["normaliser"]["mult"] * one
    return Market(
        np.zeros(1, int),
        one,
        one,
        one,
        fee,
        liquidity,
        np.array([trace["prices"]]),
        step.astype(np.int32),
        buys,
        size,
    )


closed_form = jax.jit(arbitrage.constant_product)


def check_arbitrage(fill: Fill, cases: Sequence[dict[str, Any]]) -> None:
    fill = jax.device_get(fill)
    for place, case in enumerate(cases):
        paid, got = float(fill.paid[0, place]), float(fill.got[0, place])
        if (expected := case["expected"]) is None or expected["trade"] is None:
            assert paid == 0 and got == 0
        else:
            assert bool(fill.buys[0, place]) == (expected["trade"] == "buy_x")
            np.testing.assert_allclose(
                [paid, got], [expected["input"], expected["output"]], rtol=1e-8
            )


def test_the_arbitrageur_trades_what_the_closed_form_says() -> None:
    """Side and size, and nothing where there is nothing to gain, of constant-product pools."""
    cases = VECTORS["arb_cpamm"]["cases"]
    keep = 1 - column(cases, "fee_bps") / 1e4
    check_arbitrage(
        closed_form(
            column(cases, "x"), column(cases, "y"), keep, keep, column(cases, "fair")[0], LEAST
        ),
        cases,
    )


@pytest.mark.parametrize("smooth", [True, False])
def test_solvers_find_the_same_arbitrage(smooth: bool) -> None:
    """Newton's steps and the search, of the same pools taken for curves
    nobody knows anything of.
    """
    cases = VECTORS["arb_cpamm"]["cases"]
    fee = column(cases, "fee_bps") / 1e4

    @jax.jit
    def solved(x: Array, y: Array, fair: Array, fee: Array) -> Fill:
        def quote(buys: Array, paid: Array, x: Array, y: Array) -> Array:
            return constant_product(paid, jnp.where(buys, y, x), jnp.where(buys, x, y), fee)

        return arbitrage.of_curve(quote, x, y, fair, LEAST, smooth)

    fill = jax.device_get(
        solved(column(cases, "x"), column(cases, "y"), column(cases, "fair")[0], fee)
    )
    if smooth:
        check_arbitrage(fill, cases)
    else:  # flat at the top: the profit is found to the last digits, its place to half of them
        exact = closed_form(
            column(cases, "x"),
            column(cases, "y"),
            1 - fee,
            1 - fee,
            column(cases, "fair")[0],
            LEAST,
        )
        exact, fair = jax.device_get(exact), column(cases, "fair")
        worth = np.where(exact.buys, fair, 1 / fair)
        np.testing.assert_allclose(
            fill.got * worth - fill.paid, exact.got * worth - exact.paid, rtol=1e-9, atol=1e-12
        )


@partial(jax.jit, static_argnames="way")
def routed(
    way: str, buys: Array, amount: Array, x: Array, y: Array, keep: Array
) -> tuple[Array, Array, Array]:
    """What each pool is paid and gives, and whether another split pays more."""

    def quotes(paid: Array) -> Array:
        return constant_product(paid, jnp.where(buys, y, x), jnp.where(buys, x, y), 1 - keep)

    def curve(_: Any, paid: Array, x: Array, y: Array) -> Array:
        return constant_product(paid, jnp.where(buys, y, x), jnp.where(buys, x, y), 1 - keep[:-1])

    if way == "lines":
        paid = routing.split(amount, constant_product_line(buys, x, y, keep))
    elif way == "tangents":
        last, reserve = (
            constant_product_line(buys, x[-1:], y[-1:], keep[-1:]),
            jnp.where(buys, x[:-1], y[:-1]),
        )
        paid = routing.of_curves(
            amount, lambda some: slope(curve, buys, some, x[:-1], y[:-1]), reserve, last
        )
    else:
        paid = routing.by_search(amount, quotes, len(x))
    return paid, quotes(paid), routing.better_split_exists(amount, paid, quotes)


@pytest.mark.parametrize("way", ["lines", "tangents", "search"])
def test_orders_are_split_for_the_most(way: str) -> None:
    """By lines, by tangents of curves that happen to be these, and by search: inputs to a 1e-6 of
    the order, the total closer.
    """
    # The total is flat at its top, so a search that compares totals knows places less well.
    place, total = (1e-4, 1e-8) if way == "search" else (1e-6, 1e-10)
    for case in VECTORS["route_nway_cpamm"]["cases"]:
        x, y, fee = (
            np.asarray([[float(pool[key])] for pool in case["pools"]])
            for key in ("x", "y", "fee_bps")
        )
        amount = np.asarray([float(case["total_input"])])
        paid, got, better_split_exists = jax.device_get(
            routed(way, np.asarray([case["is_buy"]]), amount, x, y, 1 - fee / 1e4)
        )
        expected = case["expected"]
        np.testing.assert_allclose(
            paid[:, 0], expected["inputs"], atol=place * case["total_input"], err_msg=case["name"]
        )
        np.testing.assert_allclose(
            got.sum(), expected["total_output"], rtol=total, err_msg=case["name"]
        )
        assert not better_split_exists.any(), case["name"]


weights = jax.jit(capital.weights, static_argnames="kind")
weighed, growth = jax.jit(capital.score), jax.jit(capital.growth)


def test_scores_weigh_losses() -> None:
    """Edge less the aversion times the loss."""
    for case in VECTORS["risk_adjusted_score"]["cases"]:
        np.testing.assert_allclose(
            weighed(np.asarray(case["edge"], float), case["lam"]), case["score"], rtol=1e-14
        )


@pytest.mark.parametrize(
    ("kind", "key"),
    [("softmax", "pure_softmax_mixed_floor"), ("spread", "code_spread_mixed_floor")],
)
def test_weights_are_mixed_with_their_floor(kind: Any, key: str) -> None:
    """Both temperatures, every case; they sum to one."""
    for case in VECTORS["capital_weights"]["cases"]:
        found = np.asarray(
            weights(
                np.asarray(case["scores"], float), float(case["T"]), float(case["floor"]), kind=kind
            )
        )
        np.testing.assert_allclose(found, case[key], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(found.sum(), 1, rtol=1e-12)


def test_rebalancing_keeps_value_and_spots() -> None:
    """The reserves of the vectors, and nothing made or lost at the fair price."""
    for case in VECTORS["rebalance"]["cases"]:
        x, y = np.asarray(case["pools"], float).T
        scores = weighed(np.asarray(case["epoch_edges"], float), 2.0)
        weight = np.asarray(weights(scores, float(case["T"]), 0.02, kind="spread"))
        np.testing.assert_allclose(weight, case["weights"], rtol=1e-9)
        grown = np.asarray(growth(x, y, np.asarray(case["fair"], float), weight))
        new_x, new_y = x * grown, y * grown
        np.testing.assert_allclose(np.stack([new_x, new_y], 1), case["expected"], rtol=1e-9)
        np.testing.assert_allclose(
            (new_x * case["fair"] + new_y).sum(), case["value_before"], rtol=1e-12
        )


def test_the_trace_by_hand() -> None:
    """Twelve steps with two rebalances: edges, scores, weights, reserves, fills."""
    trace = VECTORS["trace_hand"]
    found = compete(
        fixed(trace["fees"]), hand_market(), Rules(epoch_length=4, temperature=1.0, **AS_MEASURED)
    )
    for key, kind in (("arb", "arb_edge"), ("retail", "retail_edge")):
        np.testing.assert_allclose(
            getattr(found, kind)[0], [pool[key] for pool in trace["final"]], rtol=1e-10
        )
    closed = [step["epoch"] for step in trace["steps"] if "epoch" in step]
    assert len(closed) == 2 and found.epoch_score.shape == (1, 3, 3)
    for place, epoch in enumerate(closed):
        np.testing.assert_allclose(found.epoch_edge[0, place, :3], epoch["edges"], rtol=1e-10)
        np.testing.assert_allclose(found.epoch_score[0, place], epoch["scores"], rtol=1e-10)
        np.testing.assert_allclose(found.epoch_weight[0, place], epoch["weights"], rtol=1e-10)
    np.testing.assert_allclose(found.final_reserves[0], trace["steps"][-1]["reserves"], rtol=1e-10)
    events = [event for step in trace["steps"] for event in step["events"]]
    for pool in range(4):
        assert found.fills[0, pool] == sum(event["pool"] == pool for event in events)
        assert found.arb_fills[0, pool] == sum(
            event["pool"] == pool and event["kind"] == "arb" for event in events
        )


@pytest.mark.parametrize(("run", "temperature"), [("T1", 1.0), ("T10", 10.0)])
def test_the_trace_of_the_first_seed(run: str, temperature: float) -> None:
    """3,000 steps of the original's streams with epochs: every number the other engine kept."""
    trace = VECTORS["trace_seed0_epochs"]["runs"][run]
    market = Challenge().make(np.array([0]), 3000)
    found = compete(
        fixed([20, 60, 100]),
        market,
        Rules(epoch_length=1000, temperature=temperature, **AS_MEASURED),
    )
    for place, epoch in enumerate(trace["epochs"]):
        np.testing.assert_allclose(found.epoch_score[0, place], epoch["scores"], rtol=1e-7)
        np.testing.assert_allclose(found.epoch_weight[0, place], epoch["weights"], rtol=1e-7)
    final = {key: [pool[key] for pool in trace["final"]] for key in trace["final"][0]}
    for key, ours in (
        ("arb", found.arb_edge),
        ("ret", found.retail_edge),
        ("vol_arb", found.arb_volume),
        ("vol_ret", found.retail_volume),
        ("x", found.final_reserves[..., 0]),
        ("y", found.final_reserves[..., 1]),
    ):
        np.testing.assert_allclose(ours[0], final[key], rtol=1e-7, err_msg=key)
    assert found.arb_fills[0].tolist() == final["n_arb"]
    assert (found.fills - found.arb_fills)[0].tolist() == final["n_ret"]


@pytest.mark.parametrize("steps", [500, 10000])
def test_edges_seed_by_seed(steps: int) -> None:
    """Official seeds, exact arbitrage and routing, to 1e-6: every fee is a point of one program."""
    cases = [case for case in VECTORS["per_seed_edges"]["cases"] if case["steps"] == steps]
    market = Challenge().make(np.array(cases[0]["seeds"]), steps)
    points = {0: {"fee_bps": np.array([float(case["fee_bps"]) for case in cases])}}
    found = compete(fixed([30]), market, Rules(), points)
    np.testing.assert_allclose(
        found.edge[:, :, 0], [case["exact_edge"] for case in cases], atol=1e-6
    )
    np.testing.assert_allclose(
        found.edge[:, :, 1], [case["exact_norm_edge"] for case in cases], atol=1e-6
    )


@pytest.mark.parametrize(
    "run",
    VECTORS["distribution_nway"]["runs"],
    ids=lambda run: f"{len(run['pools']) - 1}-{run['epoch_len']}-{run['T']:g}",
)
def test_line_ups_seed_by_seed(run: dict[str, Any]) -> None:
    """Two to eight strategies with and without epochs: the first official seeds of the
    distributions, 10,000 steps each.
    """
    fees = [float(pool["pool"].removeprefix("fee")) for pool in run["pools"][:-1]]
    expected = np.array([pool["first10"] for pool in run["pools"]]).T
    market = Challenge().make(np.arange(len(expected)), 10_000)
    found = compete(
        fixed(fees),
        market,
        Rules(epoch_length=run["epoch_len"], temperature=run["T"], **AS_MEASURED),
    )
    np.testing.assert_allclose(found.edge, expected, atol=1e-5)


OFFICIAL = np.arange(1000)
CLOSE = 1e-5
"""Of Y a seed, in means over all official seeds: the last digit given is the sixth,
three standard errors are 10 to 30.
"""


@pytest.mark.long
def test_distributions_of_single_strategies() -> None:
    """Mean and spread of edge, its parts, volume and trades over all official seeds, of every fee
    and of the normaliser beside it.
    """
    fees = VECTORS["distribution_single"]["fees"]
    market = Challenge().make(OFFICIAL, 10_000)
    found = compete(
        fixed([30]),
        market,
        Rules(),
        {0: {"fee_bps": np.array([float(case["fee_bps"]) for case in fees])}},
    )
    for pool, who in enumerate(("exact", "exact_normaliser")):
        ours = {
            "mean": found.edge.mean(1),
            "sd": found.edge.std(1, ddof=1),
            "arb_mean": found.arb_edge.mean(1),
            "retail_mean": found.retail_edge.mean(1),
        }
        for name, values in ours.items():
            np.testing.assert_allclose(
                values[:, pool],
                [case[who][name] for case in fees],
                rtol=0,
                atol=CLOSE,
                err_msg=f"{who} {name}",
            )
        for name, volumes in (
            ("retail_volume", found.retail_volume),
            ("arb_volume", found.arb_volume),
        ):
            np.testing.assert_allclose(
                volumes.mean(1)[:, pool],
                [case[who][name] for case in fees],
                rtol=1e-6,
                err_msg=f"{who} {name}",
            )
        np.testing.assert_allclose(
            found.arb_fills.mean(1)[:, pool], [case[who]["arb_trades"] for case in fees], atol=0.006
        )


@pytest.mark.long
@pytest.mark.parametrize(
    "run",
    VECTORS["distribution_nway"]["runs"],
    ids=lambda run: f"{len(run['pools']) - 1}-{run['epoch_len']}-{run['T']:g}",
)
def test_distributions_of_line_ups(run: dict[str, Any]) -> None:
    """The same of two to eight strategies, and where capital was in the last epoch."""
    pools, fees = (
        run["pools"],
        [float(pool["pool"].removeprefix("fee")) for pool in run["pools"][:-1]],
    )
    rules = Rules(epoch_length=run["epoch_len"], temperature=run["T"], **AS_MEASURED)
    found = compete(fixed(fees), Challenge().make(OFFICIAL, 10_000), rules)
    ours = {
        "mean": found.edge.mean(0),
        "sd": found.edge.std(0, ddof=1),
        "arb_mean": found.arb_edge.mean(0),
    }
    for name, values in (ours | {"retail_mean": found.retail_edge.mean(0)}).items():
        np.testing.assert_allclose(
            values, [pool[name] for pool in pools], rtol=0, atol=10 * CLOSE, err_msg=name
        )
    if run["epoch_len"]:
        weights = found.epoch_weight[:, -2].mean(0)
        np.testing.assert_allclose(
            weights, [pool["final_weight"] for pool in pools[:-1]], atol=1e-5
        )
