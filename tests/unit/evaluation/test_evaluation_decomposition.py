"""A return is the sum of its parts, and each part is what it says."""

from typing import Any

import numpy as np
import pytest
from kinds import DAY, build, opening, world
from numpy.typing import NDArray

from quantamm_cli.core.types import Trajectory
from quantamm_cli.evaluation.assess import assess
from quantamm_cli.evaluation.decomposition import decomposition

SPANS = (("first", 0, 2 * DAY), ("second", 2 * DAY, 3 * DAY))
PARTS = ("hodl", "divergence_loss", "alpha", "frictions")


def parted(
    kind: str, prices: NDArray[np.float64], **fees: Any
) -> tuple[dict[str, dict[str, float]], Trajectory]:
    pool = build("pool", kind)
    feed, params = world(pool, prices, **fees), opening(pool, 3)
    path = assess(pool, params, feed, SPANS).trajectory
    return decomposition(pool, params, feed, SPANS, path), path


@pytest.mark.parametrize("fee", [0.0, 0.003])
@pytest.mark.parametrize("kind", ["temporal", "balancer"])
def test_the_parts_sum_to_the_return(kind: str, fee: float, prices: NDArray[np.float64]) -> None:
    """Whatever the pool and its frictions, and divergence is never a gain."""
    found, path = parted(kind, prices, fee=fee)
    for name, first, last in SPANS:
        parts = found[name]
        assert parts["returns"] == pytest.approx(
            path.value[last - 1] / path.value[first] - 1, abs=1e-14
        )
        assert sum(parts[part] for part in PARTS) == pytest.approx(parts["returns"], abs=1e-13)
        assert parts["divergence_loss"] < 0
        assert (parts["frictions"] == 0) == (fee == 0)


def test_constant_weights_are_hodl_and_divergence_alone(prices: NDArray[np.float64]) -> None:
    """Their closed form; with a fee the rest is the fee's, and weights that stay add nothing."""
    found, path = parted("balancer", prices)
    growth = path.prices[2 * DAY - 1] / path.prices[0]
    weights = path.weights[0]
    assert found["first"]["hodl"] == pytest.approx(weights @ growth - 1, rel=1e-10)
    assert found["first"]["divergence_loss"] == pytest.approx(
        np.prod(growth**weights) - weights @ growth, rel=1e-9
    )
    assert abs(found["first"]["alpha"]) < 1e-12
    charged, path = parted("balancer", prices, fee=0.003)
    for name, first, last in SPANS:
        shares = path.reserves[first] * path.prices[first] / path.value[first]
        closed = np.prod((path.prices[last - 1] / path.prices[first]) ** shares)
        assert abs(charged[name]["alpha"]) < 1e-12
        assert charged[name]["frictions"] == pytest.approx(
            path.value[last - 1] / path.value[first] - closed, abs=1e-13
        )


def test_a_pool_that_holds_has_no_divergence_left(prices: NDArray[np.float64]) -> None:
    """Its curve makes up for what constant weights lose."""
    found, _ = parted("hodl", prices)
    for parts in found.values():
        assert parts["returns"] == pytest.approx(parts["hodl"], abs=1e-14)
        assert parts["alpha"] == pytest.approx(-parts["divergence_loss"], abs=1e-14)
