"""What takes the place of a parameter set that diverged."""

from typing import Any

import numpy as np
import pytest
from kinds import build, with_rule

from quantamm_cli.core.params import initial, trainable
from quantamm_cli.training.reinitialise import diverged, drawn

SPECS = with_rule("momentum").parameters(2)
GIVEN = {"k_per_day": [[5.0, 6.0], [50.0, 60.0], [500.0, 600.0]]}


def fitter(**changes: Any) -> Any:
    return build("fit", "adamw", parameter_sets=3, **changes)


@pytest.mark.parametrize("init", ["gaussian", "sobol", "lhs", "centred_lhs", "grid"])
def test_a_draw_is_a_function_of_seed_step_and_set(init: str) -> None:
    """And no two of them are alike."""
    fit = fitter(init=init, seed=4)
    one = drawn(SPECS, {}, 2, fit, 7, 1)
    again = drawn(SPECS, {}, 2, fit, 7, 1)
    assert all(np.array_equal(one[name], again[name]) for name in one)
    others = [drawn(SPECS, {}, 2, fit, step, which) for step in range(6) for which in range(3)]
    places = {
        tuple(np.concatenate([draw[name] for name in sorted(trainable(SPECS))])) for draw in others
    }
    assert len(places) > (4 if init in ("grid", "centred_lhs") else 17)
    assert any(
        not np.array_equal(
            one["log_k"], drawn(SPECS, {}, 2, fitter(init=init, seed=5), 7, 1)["log_k"]
        )
        for _ in range(1)
    )


def test_a_draw_is_around_what_was_given_for_the_set() -> None:
    """With the run's own deviation, for the first set too; what does not train is as given."""
    fit = fitter(noise_scale=0.3)
    for which, centre in enumerate(initial(SPECS, GIVEN, 3, 2, 0.0, 0)["log_k"]):
        draws = [drawn(SPECS, GIVEN, 2, fit, step, which) for step in range(300)]
        values = np.array([draw["log_k"] for draw in draws])
        np.testing.assert_allclose(values.mean(0), centre, atol=0.08)
        np.testing.assert_allclose(values.std(0), 0.3, rtol=0.15)
        assert all(
            np.array_equal(draw["initial_weights_logits"], draws[0]["initial_weights_logits"])
            for draw in draws
        )


def test_what_is_lost_is_told_with_its_reason() -> None:
    """The objective first, then the parameter, then the optimiser; whole sets are not named."""
    params = {"a": np.ones((4, 2)), "b": np.array([[0.0], [0.0], [np.inf], [0.0]])}
    optimiser = {
        "mean": np.array([[1.0], [1.0], [np.nan], [np.nan]]),
        "count": np.zeros(4, np.int32),
    }
    found = diverged(params, optimiser, np.array([0.0, np.nan, 0.0, 0.0]))
    assert found == {1: "objective", 2: "b", 3: "optimiser's state"}
    assert diverged({"a": params["a"]}, (), np.zeros(4)) == {}
