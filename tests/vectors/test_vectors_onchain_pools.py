"""What deployed Balancer and QuantAMM pools answered to queries of swaps,
to the last unit of a token.
"""

import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core import swap

POOLS = json.loads(Path(__file__).with_name("balancer_onchain_pools.json").read_text())["pools"]
SWAPS = [(pool, trade) for pool in POOLS for trade in pool["swaps"]]


def fixed(numbers: Any) -> NDArray[np.float64]:
    """18-decimal fixed point as floats."""
    return np.vectorize(lambda text: int(text) / 10**18, otypes=[float])(numbers)


def weights(pool: dict[str, Any]) -> NDArray[np.float64]:
    """A pool's weights: given, or at the time of the query."""
    if "weights" in pool:
        return fixed(pool["weights"])
    n = len(pool["tokens"])
    told = jnp.asarray(fixed(pool["firstFourWeightsAndMultipliers"]))
    update, last, now = (
        int(pool[name]) for name in ("lastUpdateTime", "lastInteropTime", "currentTimestamp")
    )
    return np.asarray(told[:n] + told[n : 2 * n] * min(now - update, last - update))


@pytest.mark.parametrize(
    ("pool", "trade"),
    SWAPS,
    ids=[f"{pool['file'][:-5]}-{trade['amountRaw']}" for pool, trade in SWAPS],
)
def test_swaps_are_those_of_deployed_pools(pool: dict[str, Any], trade: dict[str, Any]) -> None:
    """Fee from what is paid in; amounts in each token's own decimals: to 1e-9,
    or to two of its smallest units.
    """
    told = pool["pool"]
    share, balance, fee = (
        weights(told),
        fixed(told["balancesLiveScaled18"]),
        float(fixed(told["swapFee"])),
    )
    if "derived_weights" in pool:
        np.testing.assert_allclose(
            share, np.asarray(pool["derived_weights"], float), rtol=0, atol=1e-15
        )
    unit = 1 / (np.asarray(told["scalingFactors"], float) * fixed(told["tokenRates"])) * 10**18
    tokens = [token.lower() for token in told["tokens"]]
    pay, take = tokens.index(trade["tokenIn"].lower()), tokens.index(trade["tokenOut"].lower())
    sides = (balance[pay], share[pay], balance[take], share[take])
    amount = int(trade["amountRaw"])
    if trade["swapKind"] == 0:
        found = float(swap.out_given_in(*sides, amount / unit[pay], fee)) * unit[take]
    else:
        found = float(swap.in_given_out(*sides, amount / unit[take], fee)) * unit[pay]
    assert abs(found - int(trade["outputRaw"])) <= max(1e-9 * found, 2)
    assert abs(found / float(trade["real_arithmetic_output_raw"]) - 1) <= 1e-9
