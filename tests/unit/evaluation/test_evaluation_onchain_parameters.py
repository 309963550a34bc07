"""The numbers contracts are given."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kinds import components

import quantamm_cli as qsim
from quantamm_cli.config.components import load_components
from quantamm_cli.config.compose import Composer
from quantamm_cli.core.bijectors import Memory
from quantamm_cli.core.params import initial, readable
from quantamm_cli.errors import ConfigError
from quantamm_cli.evaluation.onchain_parameters import contract
from quantamm_cli.settings.component import component
from quantamm_cli.settings.decode import decode

load_components()
NAMES = {
    "momentum": {"weights", "k", "lamb"},
    "anti_momentum": {"weights", "k", "lamb"},
    "power_channel": {"weights", "k", "lamb", "exponents", "pre_exp_scaling"},
    "mean_reversion_channel": {
        "weights",
        "k",
        "lamb",
        "exponents",
        "pre_exp_scaling",
        "amplitude",
        "width",
    },
    "triple_threat_mean_reversion_channel": {
        "weights",
        "k",
        "lamb",
        "lamb_for_ewma",
        "exponents",
        "pre_exp_scaling",
        "amplitude",
        "width",
    },
    "difference_momentum": {"weights", "k", "lamb_1", "lamb_2"},
    "min_variance": {"weights", "lamb_1", "lamb_2"},
    "index_market_cap": {"weights", "lamb"},
}


def made(*words: str) -> Any:
    tree = Composer("train", words).tree()["pool"]
    return decode(component("pool", tree["kind"]), tree, "pool")


def told(pool: Any, assets: int = 2, **given: Any) -> dict[str, np.ndarray]:
    specs = pool.parameters(assets)
    return contract(
        pool,
        specs,
        readable(
            specs,
            {name: values[0] for name, values in initial(specs, given, 1, assets, 0.0, 0).items()},
        ),
    )


def decay(days: float, chunk: int = 1440) -> float:
    """By bisection, independent of the solver: 6 λ / (1 - λ)^3 = (1440 m / 2C)^3."""
    low, high, wanted = 0.0, 1.0, (1440 * days / (2 * chunk)) ** 3
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if 6 * middle / (1 - middle) ** 3 < wanted else (low, middle)
    return low


@pytest.mark.parametrize("rule", NAMES)
def test_every_rule_tells_its_numbers(rule: str) -> None:
    assert set(told(made(f"pool/rule={rule}"))) == NAMES[rule]


def test_strength_and_amplitude_are_times_the_memory_that_the_rule_uses() -> None:
    found = told(
        made("pool/rule=mean_reversion_channel"),
        k_per_day=[2.0, 3.0],
        memory_days=[5.0, 1000.0],
        amplitude=0.5,
        exponent=0.7,
    )
    np.testing.assert_allclose(found["k"], [10, 3 * 365], rtol=1e-12)
    np.testing.assert_allclose(found["amplitude"], [2.5, 0.5 * 365], rtol=1e-12)
    np.testing.assert_allclose(found["lamb"], [decay(5.0), decay(365.0)], rtol=1e-12)
    np.testing.assert_allclose(found["exponents"], 0.7, rtol=1e-12)
    np.testing.assert_allclose(found["weights"], 0.5, rtol=1e-15)


def test_the_power_channel_applies_no_exponent_below_one() -> None:
    np.testing.assert_allclose(
        told(made("pool/rule=power_channel"), exponent=[0.7, 1.5])["exponents"],
        [1, 1.5],
        rtol=1e-12,
    )
    wrapped = made("pool=lvr", "pool/rule@pool.base.rule=power_channel")
    np.testing.assert_allclose(
        told(wrapped, exponent=[0.7, 1.5])["exponents"], [1, 1.5], rtol=1e-12
    )


def test_two_memories_and_three_gradients() -> None:
    found = told(
        made("pool/rule=difference_momentum"), k=-2.0, memory_days_1=5.0, memory_days_2=[3.0, 9.0]
    )
    np.testing.assert_allclose(found["k"], [-10, -18], rtol=1e-12)
    np.testing.assert_allclose(found["lamb_2"], [decay(3.0), decay(9.0)], rtol=1e-12)
    found = told(
        made("pool/rule=triple_threat_mean_reversion_channel"),
        memory_days=[[1.0], [2.0], [3.0]],
        memory_days_for_ewma=4.0,
    )
    np.testing.assert_allclose(
        found["lamb"], np.repeat([[decay(1)], [decay(2)], [decay(3)]], 2, axis=1), rtol=1e-12
    )
    np.testing.assert_allclose(found["k"], 80, rtol=1e-12)


def test_the_alternative_decay_has_the_logit_of_both() -> None:
    pool = made(
        "pool/rule=momentum",
        "pool.rule.use_alt_lamb=true",
        "pool.chunk_period=60",
        "pool.weight_interpolation_period=60",
    )
    found = told(pool, logit_delta_lamb=0.5, memory_days=8.0)
    logit = float(Memory(60).raw(np.asarray(8.0))) + 0.5
    np.testing.assert_allclose(found["lamb_alt"], 1 / (1 + np.exp(-logit)), rtol=1e-12)
    np.testing.assert_allclose(found["lamb"], decay(8.0, 60), rtol=1e-12)


def test_other_pools_tell_what_they_read() -> None:
    assert set(told(made("pool=balancer"))) == {"weights"}
    assert {"price_ratio", "centeredness_margin", "shift_exponent"} <= set(
        told(made("pool=reclamm"))
    )
    assert {"fee_k", "fee_lamb", "k", "lamb"} <= set(told(made("pool=dynamic_fee")))
    with pytest.raises(ConfigError, match="there is no contract for a composite pool"):
        told(made("pool=composite"))


FROZEN = json.loads(Path(__file__).with_name("onchain_9274b26.json").read_text())
"""What version 9274b26 exported of parameters off their defaults."""
UNUSED = {"pool=composite"}
"""What is no contract."""


@pytest.mark.parametrize("words", FROZEN)
def test_declared_numbers_are_those_that_were_exported(words: str) -> None:
    """To the last bit, whatever the pool, the rule, the guard and their settings."""
    table = qsim.parameters(qsim.compose("simulate", *words.split()))
    found = table.onchain({name: np.asarray(value) for name, value in FROZEN[words]["raw"].items()})
    assert list(found) == list(FROZEN[words]["onchain"])
    for name, value in found.items():
        np.testing.assert_array_equal(value, FROZEN[words]["onchain"][name])


@pytest.mark.parametrize(
    ("group", "name"),
    [(group, name) for group in ("pool", "pool/rule", "pool/guard") for name in components(group)],
)
def test_every_pool_has_numbers_for_contracts_or_is_refused(group: str, name: str) -> None:
    """All that it declares, finite; or one line on what declares no on-chain meaning."""
    choice = f"{group}={name}"
    pool = made(choice)
    silent = any(spec.onchain is None for spec in pool.parameters(2))
    if silent or choice in UNUSED:
        with pytest.raises(ConfigError, match=r"declares no on-chain form|there is no contract"):
            told(pool)
    else:
        assert all(np.isfinite(value).all() for value in told(pool).values())


def test_a_parameter_that_declares_nothing_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of a user's may mean anything by a name of ours."""
    pool = made("pool/rule=momentum")
    specs = [
        replace(spec, onchain=None) if spec.readable == "k_per_day" else spec
        for spec in pool.parameters(2)
    ]
    values = readable(
        specs, {name: values[0] for name, values in initial(specs, {}, 1, 2, 0.0, 0).items()}
    )
    with pytest.raises(
        ConfigError,
        match=(
            r"export: k_per_day declares no on-chain form.*give its Parameter "
            r"onchain=OnChain\('k_per_day'\)"
        ),
    ):
        contract(pool, specs, values)


@pytest.mark.parametrize("wrapper", ["lvr", "dynamic_fee"])
def test_a_pool_around_a_composite_is_no_contract_either(wrapper: str) -> None:
    """Names of its parts' parameters on chain would collide with those of the parent."""
    composite = Composer("train", ("pool=composite",)).tree()["pool"]
    tree = Composer("train", (f"pool={wrapper}",)).tree()["pool"] | {"base": composite}
    with pytest.raises(ConfigError, match="there is no contract for a composite pool"):
        told(decode(component("pool", tree["kind"]), tree, "pool"))
