"""Untrained parameters at random: how they are drawn, and what it means to beat them."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.params import initial
from quantamm_cli.engine.objective import period_scores
from quantamm_cli.evaluation.baseline import beaten, random_scores

POOL: Any = with_rule("momentum")
SPECS = POOL.parameters(3)
SPANS = (("train", 0, 2 * DAY), ("test", 2 * DAY, 4 * DAY))


def test_scores_are_those_of_random_parameters_and_a_function_of_the_seed(
    prices: NDArray[np.float64],
) -> None:
    """Each draw is scored as such a set would be, in whatever company;
    the first is not the centre.
    """
    feed = world(POOL, prices[: 6 * DAY], burn_in=2 * DAY)
    found = random_scores(
        POOL, SPECS, {"k_per_day": 20.0}, 3, feed, SPANS, ("returns",), draws=10, seed=3
    )
    assert {period: scores["returns"].shape for period, scores in found.items()} == {
        "train": (10,),
        "test": (10,),
    }
    raw = initial(SPECS, {"k_per_day": 20.0}, 11, 3, 0.5, 3)
    assert len(np.unique(found["test"]["returns"])) == 10
    alone = period_scores(
        POOL,
        SPANS,
        ("returns",),
        {name: jnp.asarray(values[[1, 5, 10, 0, 0, 0, 0, 0]]) for name, values in raw.items()},
        feed,
    )
    for period in found:
        np.testing.assert_allclose(
            found[period]["returns"][[0, 4, 9]], np.asarray(alone[period]["returns"])[:3], rtol=1e-9
        )
    again = random_scores(
        POOL, SPECS, {"k_per_day": 20.0}, 3, feed, SPANS, ("returns",), draws=10, seed=3
    )
    other = random_scores(
        POOL, SPECS, {"k_per_day": 20.0}, 3, feed, SPANS, ("returns",), draws=10, seed=4
    )
    assert np.array_equal(again["test"]["returns"], found["test"]["returns"])
    assert not np.array_equal(other["test"]["returns"], found["test"]["returns"])


def test_beaten_by_hand() -> None:
    """A tie is not won; what is no number is beaten; no number beats nothing."""
    others = np.array([1.0, 2.0, 3.0, math.nan])
    assert [beaten(score, others) for score in (0.5, 2.0, 2.5, 9.0)] == [0.25, 0.5, 0.75, 1.0]
    assert math.isnan(beaten(math.nan, others)) and math.isnan(beaten(1.0, np.array([])))


@pytest.mark.parametrize("draws", [1, 8, 9])
def test_as_many_as_asked_for(draws: int, prices: NDArray[np.float64]) -> None:
    """Whatever their number, batches are filled up and cut."""
    feed = world(POOL, prices[: 6 * DAY], burn_in=2 * DAY)
    assert (
        len(
            random_scores(POOL, SPECS, {}, 3, feed, SPANS, ("returns",), draws=draws)["test"][
                "returns"
            ]
        )
        == draws
    )
