"""The original challenge, number by number: its streams, its searches, its scores;
and the bytes of both engines.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import payload
import pytest

from quantamm_cli.competition.challenge import amm, challenge, search
from quantamm_cli.competition.market import markets
from quantamm_cli.competition.market.kinds.challenge import Challenge
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.competition.types import Entrant, Outcome
from quantamm_cli.random import pcg

VECTORS = json.loads((Path(__file__).parent / "competition.json").read_text())
STREAMS = VECTORS["challenge_rng"]["seeds"]
PAYLOADS = {
    "swap_buy": payload.Quote,
    "swap_sell": payload.Quote,
    "after_swap_original": payload.OriginalFill,
    "after_swap_multi": payload.Fill,
    "epoch_boundary": payload.EpochEnd,
}
STORAGE = bytes((7 * i + 3) % 256 for i in range(1024))


def as_seeds(seeds: list[int]) -> list[int]:
    """Those from 2^63 on as the negative numbers of their bits."""
    return np.array(seeds, np.uint64).astype(np.int64).tolist()


@pytest.mark.parametrize("stream", STREAMS, ids=[str(stream["seed"]) for stream in STREAMS])
def test_the_words_of_a_seed_are_the_originals(stream: dict[str, Any]) -> None:
    """Seeding and PCG64, bit by bit."""
    state, words = pcg.seeded(np.uint64(stream["seed"])), []
    for _ in stream["first_u64"]:
        state, bits = pcg.word(tuple(np.uint64(part) for part in state))
        words.append(str(bits))
    assert words == stream["first_u64"]


def test_the_markets_of_its_seeds_are_the_originals() -> None:
    """Parameters to the bit; prices and sizes to a unit in the last place;
    steps and sides of orders.
    """
    found = markets(Challenge(), as_seeds([stream["seed"] for stream in STREAMS]), 10)
    for row, stream in enumerate(STREAMS):
        drawn = stream["hyper"]
        assert found.sigma[row] == drawn["sigma"]
        assert found.arrival[row] == drawn["arrival"]
        assert found.mean_size[row] == drawn["mean_size"]
        assert found.normaliser_fee[row] == drawn["norm_fee_bps"] / 10_000
        assert found.normaliser_liquidity[row] == drawn["norm_mult"]
        np.testing.assert_array_max_ulp(found.prices[row], np.array(stream["prices"]), maxulp=2)
        count = len(stream["orders"])
        steps, buys, sizes = (np.array(column) for column in zip(*stream["orders"], strict=True))
        assert np.array_equal(found.order_step[row, :count], steps)
        assert np.array_equal(found.order_buys[row, :count], buys)
        np.testing.assert_array_max_ulp(found.order_size[row, :count], sizes, maxulp=1)


@pytest.mark.parametrize(
    "case", VECTORS["golden_section"]["cases"], ids=lambda case: f"m={case['m']}"
)
def test_golden_sections_find_the_maximum(case: dict[str, float]) -> None:
    """Of -(x - m)^2 on [0, 10]: the part that is kept is the one that holds it."""
    points = search.sectioned(0.0, 10.0)
    for _ in range(60):
        left, right = (-((point - case["m"]) ** 2) for point in points[1:3])
        points = search.narrowed(points, bool(left < right))
    assert points[0] <= case["expected"] + 1e-7 and points[3] >= case["expected"] - 1e-7
    assert points[3] - points[0] < 1e-6


def pool(fee_bps: int, multiple: float = 1.0) -> tuple[float, float, int, int]:
    kept = (10_000 - fee_bps) * 10**14
    return 100.0 * multiple, 10_000.0 * multiple, kept, kept


@pytest.mark.parametrize(
    "case",
    VECTORS["route_challenge_grid"]["cases"],
    ids=lambda case: f"{case['sub_fee']}-{case['total_input']}",
)
def test_orders_are_split_as_the_original_splits_them(case: dict[str, Any]) -> None:
    """Share and outputs, to the billionth."""
    mine, other, total = (
        pool(case["sub_fee"]),
        pool(case["norm_fee"], case["norm_mult"]),
        case["total_input"],
    )
    share = search.routed(case["is_buy"], total, mine, other)
    outputs = [
        amm.quoted(case["is_buy"], part, held)
        for part, held in ((total * share, mine), (total * (1.0 - share), other))
    ]
    assert share == case["challenge_alpha"]
    assert outputs == case["challenge_outputs"]


def official(fee_bps: int, seeds: Iterable[int], steps: int) -> Outcome:
    return challenge(
        [Entrant("entrant", FixedFee(fee_bps=float(fee_bps)))], markets(Challenge(), seeds, steps)
    )


@pytest.mark.parametrize(
    "case",
    VECTORS["per_seed_edges"]["cases"],
    ids=lambda case: f"{case['fee_bps']}bps-{case['steps']}",
)
def test_the_official_score_of_every_seed_comes_out(case: dict[str, Any]) -> None:
    """The edge of each seed to a millionth of a Y."""
    found = official(case["fee_bps"], case["seeds"], case["steps"])
    np.testing.assert_allclose(found.edge[:, 0], case["challenge_edge"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.edge, found.arb_edge + found.retail_edge, rtol=0, atol=1e-9)


OFFICIAL = {
    case["fee_bps"]: case["challenge"]["mean"] for case in VECTORS["distribution_single"]["fees"]
} | {
    500: 210.496435,
    66: 399.968400,
}


@pytest.mark.long
@pytest.mark.parametrize("fee_bps", OFFICIAL)
def test_the_official_mean_of_a_thousand_seeds_comes_out(fee_bps: int) -> None:
    """To a ten-thousandth of a Y, where three standard errors are 30: a last bit may tip one of the
    searches of thousands of simulations.
    """
    edge = official(fee_bps, range(1000), 10_000).edge[:, 0]
    assert edge.mean() == pytest.approx(OFFICIAL[fee_bps], abs=1e-4)


@pytest.mark.parametrize("case", VECTORS["cpamm_output_int"]["cases"])
def test_whole_number_outputs(case: dict[str, int]) -> None:
    """A fee in basis points, in the 64 bits of compiled code."""
    amount, into, out_of, fee = (
        case[name] for name in ("input", "reserve_in", "reserve_out", "fee_bps")
    )
    counted = amm.product_over(amount, (10_000 - fee) * 10**14, 10**18)
    assert amm.product_over(out_of, counted, into + counted) == case["output"]


@pytest.mark.parametrize("case", VECTORS["cpamm_output_wad"]["cases"])
def test_whole_number_outputs_of_fine_fees(case: dict[str, int]) -> None:
    """A fee in parts of 10^18."""
    amount, into, out_of, fee = (
        case[name] for name in ("input", "reserve_in", "reserve_out", "fee_wad")
    )
    counted = amm.product_over(amount, 10**18 - fee, 10**18)
    assert amm.product_over(out_of, counted, into + counted) == case["output"]


def values(name: str) -> tuple[Any, ...]:
    """What the vector's payload holds, but for the tag of the kinds that have one."""
    kind, fields = PAYLOADS[name], VECTORS["payloads"][name]["fields"]
    told = [value for key, value in fields.items() if key != "tag" or kind is payload.Quote]
    return tuple(
        tuple(spot for spot in value if spot is not None) if isinstance(value, list) else value
        for value in told
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_payloads_both_ways(name: str) -> None:
    """Every byte by length, head and digest; reading gives back what was written."""
    vector, kind = VECTORS["payloads"][name], PAYLOADS[name]
    written = kind(*values(name), STORAGE)
    raw = payload.encode(written)
    assert len(raw) == vector["length"]
    assert raw[:100].hex() == vector["head_hex"]
    assert hashlib.sha256(raw).hexdigest() == vector["sha256"]
    read = payload.decode(kind, raw)
    assert payload.encode(read) == raw
    assert read[:5] == pytest.approx(written[:5])
    assert read.storage == STORAGE
