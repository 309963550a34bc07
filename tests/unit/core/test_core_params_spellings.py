"""Parameters given under other names than their own."""

import numpy as np
import pytest

from quantamm_cli.core.bijectors import Affine, Identity, Log2, Memory, Squareplus
from quantamm_cli.core.params import Parameter, initial, readable
from quantamm_cli.core.spellings import SPELLINGS
from quantamm_cli.errors import ConfigError
from quantamm_cli.rules.base import Clock
from quantamm_cli.rules.difference_momentum import DifferenceMomentum
from quantamm_cli.rules.mean_reversion_channel import MeanReversionChannel
from quantamm_cli.rules.momentum import Momentum
from quantamm_cli.rules.triple_threat_mean_reversion_channel import TripleThreat

CLOCK = Clock(1440, 365)
RULES = {
    rule.kind: rule.parameters(CLOCK)
    for rule in (Momentum(), MeanReversionChannel(), TripleThreat(), DifferenceMomentum())
}


def squareplus(raw: float) -> float:
    return (raw + (raw**2 + 4) ** 0.5) / 2


@pytest.mark.parametrize(
    "rule", ["momentum", "mean_reversion_channel", "triple_threat_mean_reversion_channel"]
)
@pytest.mark.parametrize(
    ("name", "value", "quantity", "expected"),
    [
        ("log_k", 3.0, "k_per_day", 8.0),
        ("sp_k", 19.5, "k_per_day", squareplus(19.5)),
        ("k", 7.0, "k_per_day", 7.0),
        ("absolute_k", 60.0, "k_per_day", 6.0),
        ("sp_exponents", 0.5, "exponent", squareplus(0.5)),
        ("raw_exponents", 0.5, "exponent", squareplus(0.5)),
        ("sp_pre_exp_scaling", -1.0, "pre_exp_scaling", squareplus(-1.0)),
        ("logit_pre_exp_scaling", 0.3, "pre_exp_scaling", 1 / (1 + np.exp(-0.3))),
        ("raw_pre_exp_scaling", -2.0, "pre_exp_scaling", 0.25),
        ("sp_amplitude", 0.1, "amplitude", squareplus(0.1)),
        ("log_amplitude", -1.0, "amplitude", 0.5),
        ("sp_width", -0.1, "width", squareplus(-0.1)),
        ("raw_width", 1.0, "width", 2.0),
    ],
)
def test_every_raw_name_of_a_quantity_is_taken(
    rule: str, name: str, value: float, quantity: str, expected: float
) -> None:
    """And stored under the rule's own: the readable value says what was meant."""
    specs = RULES[rule]
    if quantity not in {spec.readable for spec in specs}:
        pytest.skip(f"{rule} has no {quantity}")
    shown = readable(specs, initial(specs, {name: value}, 2, 3, 0.0, 0))
    np.testing.assert_allclose(shown[quantity], expected, rtol=1e-13)


def test_shapes_go_through() -> None:
    """One an asset, and one a set and asset; the memory it is divided by likewise."""
    specs = RULES["mean_reversion_channel"]
    given = {"log_k": [[1.0, 2.0], [3.0, 4.0]], "raw_width": [0.0, 1.0]}
    shown = readable(specs, initial(specs, given, 2, 2, 0.0, 0))
    np.testing.assert_allclose(shown["k_per_day"], [[2, 4], [8, 16]], rtol=1e-13)
    np.testing.assert_allclose(shown["width"], [[1, 2], [1, 2]], rtol=1e-13)
    shown = readable(
        specs,
        initial(
            specs,
            {"absolute_k": [12.0, 30.0], "memory_days": [[3.0, 5.0], [4.0, 6.0]]},
            2,
            2,
            0.0,
            0,
        ),
    )
    np.testing.assert_allclose(shown["k_per_day"], [[4, 6], [3, 5]], rtol=1e-12)


def test_two_spellings_of_one_parameter_are_refused() -> None:
    """Whichever two."""
    specs = RULES["mean_reversion_channel"]
    with pytest.raises(
        ConfigError, match=r"^params\.log_k: params\.k_per_day is given too; they are one parameter"
    ):
        initial(specs, {"log_k": 1.0, "k_per_day": 2.0}, 1, 2, 0.0, 0)
    with pytest.raises(
        ConfigError,
        match=r"^params\.raw_pre_exp_scaling: params\.logit_pre_exp_scaling is given too",
    ):
        initial(specs, {"raw_pre_exp_scaling": 1.0, "logit_pre_exp_scaling": 2.0}, 1, 2, 0.0, 0)


def test_what_cannot_be_converted_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r"^params\.k: -1 is not above zero \(1/day\)"):
        initial(RULES["mean_reversion_channel"], {"k": -1.0}, 1, 2, 0.0, 0)
    with pytest.raises(
        ConfigError,
        match=(
            r"^params\.absolute_k: is k_per_day times memory_days, which is zero; "
            r"write params\.k_per_day"
        ),
    ):
        initial(RULES["momentum"], {"absolute_k": 1.0, "memory_days": [0.0, 1.0]}, 1, 2, 0.0, 0)
    alone = (Parameter("log_k", "k_per_day", "1/day", Log2(), 20.0, 0.1, 1000.0),)
    with pytest.raises(
        ConfigError,
        match=(
            r"^params\.absolute_k: this pool has no memory to divide it by; "
            r"write params\.k_per_day"
        ),
    ):
        initial(alone, {"absolute_k": 1.0}, 1, 2, 0.0, 0)
    with pytest.raises(ConfigError, match=r"^params\.sp_width: this pool has no such parameter"):
        initial(RULES["momentum"], {"sp_width": 1.0}, 1, 2, 0.0, 0)
    with pytest.raises(ConfigError, match=r"^params\.log_k: inf is not"):
        initial(RULES["mean_reversion_channel"], {"log_k": 5000.0}, 1, 2, 0.0, 0)


def test_difference_momentum_keeps_its_own_name() -> None:
    """Its raw is readable; the others are converted to it."""
    specs = RULES["difference_momentum"]
    assert initial(specs, {"log_k": 3.0}, 1, 1, 0.0, 0)["k"] == 8
    assert initial(specs, {"k": -2.0}, 1, 1, 0.0, 0)["k"] == -2


def test_spellings_agree_with_the_rules_own_maps() -> None:
    """A rule that stores a quantity under a name of the table maps it as the table does."""
    grid = np.linspace(-3, 3, 7)
    for specs in RULES.values():
        for spec in specs:
            for other in SPELLINGS.get(spec.readable, ()):
                if other.name == spec.name:
                    np.testing.assert_array_equal(
                        other.bijector.readable(grid), spec.bijector.readable(grid)
                    )


def test_runaway_values_are_told_without_a_warning() -> None:
    specs = (
        Parameter("a", "x", "1", Log2(), 1.0, 0.0, 1.0),
        Parameter("b", "y", "1", Memory(1440), 1.0, 0.0, 1.0),
        Parameter("c", "z", "1", Squareplus(), 1.0, 0.0, 1.0),
        Parameter("d", "w", "1", Identity(), 1.0, 0.0, 1.0),
    )
    shown = readable(specs, dict.fromkeys("abcd", np.array([1e4, 1e300, np.inf, np.nan])))
    assert np.isinf(shown["x"][:3]).all()
    assert np.isinf(shown["y"][:3]).all()
    assert all(np.isnan(value[3]) for value in shown.values())


def test_an_affine_map_goes_both_ways() -> None:
    """The base of a shift a second and its exponent."""
    base = 1 - 2 / 124_649
    shift = Affine(-124_649.0, 124_649.0)
    np.testing.assert_allclose(shift.readable(np.array(base)), 2, rtol=1e-10)
    np.testing.assert_allclose(shift.raw(np.array(2.0)), base, rtol=1e-15)
