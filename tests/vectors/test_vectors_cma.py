"""Covariance matrix adaptation against Hansen's own package, generation by generation."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.training.covariance import (
    Constants,
    axes,
    default_population,
    distribution,
    updated,
)

VECTORS = json.loads(Path(__file__).with_name("cma.json").read_text())
CASES: list[dict[str, Any]] = VECTORS["constants"]
PATH: dict[str, Any] = VECTORS["path"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['n']}, {case['population']}")
def test_constants_are_the_published_ones(case: dict[str, Any]) -> None:
    """Recombination weights, those below zero too, and learning rates."""
    ours = Constants.of(case["n"], case["population"])
    for name in ("weights", "mu_eff", "c_c", "c_1", "c_mu"):
        np.testing.assert_allclose(getattr(ours, name), case[name], rtol=1e-12, err_msg=name)
    assert ours.chi == pytest.approx(case["chi"], rel=5e-5)  # theirs is an approximation


def test_step_size_constants_are_those_of_the_tutorial() -> None:
    """Table 1, at the point where its square root counts and where it does not."""
    ours = Constants.of(PATH["n"], PATH["population"])
    np.testing.assert_allclose(
        [ours.c_sigma, ours.d_sigma], [PATH["c_sigma"], PATH["d_sigma"]], rtol=1e-12
    )
    wide = Constants.of(2, 100)
    assert wide.d_sigma == pytest.approx(
        1 + 2 * (np.sqrt((wide.mu_eff - 1) / 3) - 1) + (wide.mu_eff + 2) / (wide.mu_eff + 7)
    )
    assert [default_population(n) for n in (1, 2, 3, 10, 40)] == [4, 6, 7, 10, 15]


def test_a_path_of_generations_is_theirs() -> None:
    """Mean, step size, covariance and both paths after each of eight
    generations of the same candidates.
    """
    of = replace(Constants.of(PATH["n"], PATH["population"]), chi=PATH["chi"])
    mean = jnp.asarray(PATH["start"])
    now = distribution(PATH["n"], PATH["sigma0"])._replace(
        covariance=jnp.asarray(PATH["covariance0"])
    )
    for told in PATH["generations"]:
        root = axes(now.covariance).root
        drawn = jnp.asarray(
            np.linalg.solve(root, ((np.array(told["candidates"]) - mean) / now.sigma).T).T
        )
        mean, now = updated(of, mean, now, root, drawn, -jnp.asarray(told["losses"]))
        np.testing.assert_allclose(mean, told["mean"], rtol=1e-8)
        for name in ("sigma", "covariance", "p_sigma", "p_c"):
            np.testing.assert_allclose(
                getattr(now, name), told[name], rtol=1e-8, atol=1e-12, err_msg=name
            )  # theirs divides by 1e-9 + a length


def test_what_is_not_finite_ranks_last() -> None:
    """As if it had been the worst, and the earlier of two alike the better."""
    of, drawn = Constants.of(2, 5), jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)))
    start = (of, jnp.zeros(2), distribution(2, 1.0), jnp.eye(2), drawn)
    whole, _ = updated(*start, jnp.asarray([3.0, 2.0, 1.0, 0.5, 0.1]))
    for last in (jnp.nan, -jnp.inf, jnp.inf):
        found, now = updated(*start, jnp.asarray([3.0, 2.0, 1.0, 0.5, last]))
        assert np.array_equal(found, whole)
        assert np.isfinite(now.covariance).all()
    tied, _ = updated(*start, jnp.asarray([3.0, 2.0, 1.0, 1.0, 0.1]))
    assert np.array_equal(tied, whole)
