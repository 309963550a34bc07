"""The closed form of an FM-AMM under perfect competition, from many digits."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core.types import Feed, Trading
from quantamm_cli.kernels.operands import Frictions
from quantamm_cli.pools.cow import Cow

CASES = json.loads(Path(__file__).with_name("cow_fm_amm.json").read_text())["cases"]
run = jax.jit(
    lambda params, feed, start, rows: Cow().path(params, feed, start, rows), static_argnames="rows"
)


@pytest.mark.parametrize("turned", [False, True], ids=["risky-first", "risky-last"])
@pytest.mark.parametrize("stepped", [False, True], ids=["closed", "stepped"])
@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[
        f"{case['weight_risky']}-{len(case['prices'])}-{index}" for index, case in enumerate(CASES)
    ],
)
def test_the_pool_is_the_constant_mix_portfolio(
    case: dict[str, Any], stepped: bool, turned: bool
) -> None:
    """Reserves and values to 1e-12: as one cumulative sum, minute by minute,
    and with the tokens in the other order.
    """
    way = slice(None, None, -1 if turned else 1)
    risky = np.asarray(case["prices"], float)
    prices = np.stack([risky, np.ones_like(risky)], -1)[:, way]
    share = float(case["weight_risky"])
    weights = np.array([share, 1 - share])[way]
    zero = jnp.asarray(0)
    opening, value = (
        np.asarray(case["initial_reserves"], float)[way],
        jnp.asarray(float(case["expected_values"][0])),
    )
    frictions = Frictions(jnp.asarray(0.0)) if stepped else None
    feed = Feed(
        jnp.asarray(prices), jnp.asarray(prices[:1]), zero, zero, value, frictions, None, Trading()
    )
    found = run({"initial_weights_logits": jnp.log(weights)}, feed, zero, len(prices))
    np.testing.assert_allclose(found.reserves[0], opening, rtol=1e-12)
    np.testing.assert_allclose(
        found.reserves[:, way], np.asarray(case["expected_reserves"], float), rtol=1e-12
    )
    np.testing.assert_allclose(
        (found.reserves * prices).sum(-1), np.asarray(case["expected_values"], float), rtol=1e-12
    )
    np.testing.assert_allclose(found.weights, np.broadcast_to(weights, prices.shape), rtol=1e-12)
