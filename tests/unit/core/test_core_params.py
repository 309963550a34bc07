"""Parameters to begin with."""

import numpy as np
import pytest

from quantamm_cli.core.bijectors import Log2, Memory, Simplex
from quantamm_cli.core.params import Parameter, initial, readable, trainable
from quantamm_cli.errors import ConfigError

SPECS = (
    Parameter(
        "initial_weights_logits",
        "initial_weights",
        "share",
        Simplex(),
        1 / 3,
        0.0,
        1.0,
        trainable=False,
    ),
    Parameter("log_k", "k_per_day", "1/day", Log2(), 20.0, 0.1, 1000.0, log=True),
    Parameter("logit_lamb", "memory_days", "days", Memory(1440), 10.0, 1.0, 200.0, log=True),
)


def begin(
    sets: int = 4, noise: float = 0.5, seed: int = 0, **given: object
) -> dict[str, np.ndarray]:
    return initial(SPECS, given, sets, 3, noise, seed)


def test_defaults_are_the_declared_ones() -> None:
    """One row a set, one column an asset; uniform weights."""
    params = begin(noise=0.0)
    assert {name: value.shape for name, value in params.items()} == dict.fromkeys(params, (4, 3))
    shown = readable(SPECS, params)
    np.testing.assert_allclose(shown["initial_weights"], 1 / 3)
    np.testing.assert_allclose(shown["k_per_day"], 20, rtol=1e-13)
    np.testing.assert_allclose(shown["memory_days"], 10, rtol=1e-13)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (7.0, np.full((4, 3), 7.0)),
        (7, np.full((4, 3), 7.0)),
        ([7.0], np.full((4, 3), 7.0)),
        ((1.0, 2.0, 3.0), np.tile([1.0, 2.0, 3.0], (4, 1))),
        (((1.0, 2.0, 3.0),), np.tile([1.0, 2.0, 3.0], (4, 1))),
        ([[1.0], [2.0], [3.0], [4.0]], np.tile([[1.0], [2.0], [3.0], [4.0]], (1, 3))),
        (np.arange(1.0, 13).reshape(4, 3), np.arange(1.0, 13).reshape(4, 3)),
    ],
)
def test_a_number_one_an_asset_or_one_a_set_and_asset(given: object, expected: np.ndarray) -> None:
    """All shapes that make sense, raw and readable."""
    np.testing.assert_array_equal(begin(noise=0.0, log_k=given)["log_k"], expected)
    np.testing.assert_allclose(
        begin(noise=0.0, k_per_day=given)["log_k"], np.log2(expected), rtol=1e-14, atol=1e-15
    )


@pytest.mark.parametrize(
    "given",
    [
        [1.0, 2.0],
        [[1.0, 2.0, 3.0]] * 3,
        [[[1.0]]],
        [],
        [[]],
        "much",
        [1.0, "x", 2.0],
        [[1.0], [1.0, 2.0]],
    ],
)
def test_other_shapes_are_refused_with_the_place(given: object) -> None:
    """Two for three assets, three sets for four, text."""
    with pytest.raises(ConfigError, match=r"^params\.log_k: "):
        begin(log_k=given)


def test_both_spellings_of_one_parameter_are_refused() -> None:
    """Neither wins in silence."""
    with pytest.raises(ConfigError, match=r"params\.k_per_day: params\.log_k is given too"):
        begin(log_k=1.0, k_per_day=2.0)


def test_an_unknown_name_is_met_with_the_nearest() -> None:
    """And with all there are."""
    with pytest.raises(
        ConfigError, match=r"params\.memory_day: .*did you mean 'memory_days'.*k_per_day.*log_k"
    ):
        begin(memory_day=3.0)


@pytest.mark.parametrize(
    "given",
    [
        {"k_per_day": -1.0},
        {"memory_days": -0.1},
        {"initial_weights": [0.5, 0.4, 0.3]},
        {"initial_weights": [1.0, 0.0, 0.0]},
        {"initial_weights": [1.2, -0.1, -0.1]},
        {"log_k": float("nan")},
        {"log_k": float("inf")},
    ],
    ids=str,
)
def test_values_that_cannot_be_are_refused(given: dict[str, object]) -> None:
    """Negative rates and memories, weights that do not sum to one or vanish, NaN."""
    with pytest.raises(ConfigError, match=f"params.{next(iter(given))}"):
        begin(**given)


def test_noise_is_on_later_sets_and_on_what_trains() -> None:
    """The first set is as given, weights are as given in all; the rest has the spread asked for,
    the same for the same seed.
    """
    params = initial(SPECS, {"initial_weights": [0.2, 0.5, 0.3]}, 4000, 3, 0.5, 7)
    for name, value in params.items():
        others = value[1:] - value[0]
        if name == "initial_weights_logits":
            assert not others.any()
        else:
            assert others.std() == pytest.approx(0.5, rel=0.05)
            assert abs(others.mean()) < 0.02
    np.testing.assert_allclose(readable(SPECS, params)["memory_days"][0], 10, rtol=1e-13)
    again = initial(SPECS, {"initial_weights": [0.2, 0.5, 0.3]}, 4000, 3, 0.5, 7)
    assert all(np.array_equal(params[name], again[name]) for name in params)
    assert not np.array_equal(params["log_k"], initial(SPECS, {}, 4000, 3, 0.5, 8)["log_k"])


def test_what_trains_is_what_says_so() -> None:
    """Initial weights do not."""
    assert trainable(SPECS) == {"log_k", "logit_lamb"}
