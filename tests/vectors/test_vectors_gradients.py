"""The runs of another simulator once more: slopes along random directions, by our gradient and by
finite differences of values it confirms.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_vectors_forward_pass import CASES, DATA, market, raw, settings

from quantamm_cli.core.executor import executor
from quantamm_cli.engine.forward import days, simulate

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real prices of ../shared/data are not here"
)
FREE = [
    "momentum_zero_fee_3",
    "power_channel_zero_fee_3",
    "mean_reversion_channel_zero_fee_3",
    "momentum_approx_optimal",
]
COSTLY = ["balancer_fee_2", "momentum_fee_2_noise_protocol", "power_channel_fee_gas_2"]
FORWARD = ("mean_reversion_channel_zero_fee_3", "momentum_fee_2_noise_protocol")
"""Whose gradient forward mode must confirm too; ``tests/laws/test_laws_executors.py`` has it so for
every pool, rule and guard.
"""
STEP = 1e-6
MINUTES = 3_000
"""Of runs with fees, which are stepped minute by minute."""


def slopes(worth: Any, params: dict[str, Any], forward: bool) -> tuple[float, float]:
    """Along a random direction of unit parts in all that trains: the gradient's,
    and a central difference's.

    The gradient is that of compiled code; ``forward``: forward mode, which only the scan has, must
    agree.
    """
    random = np.random.Generator(np.random.PCG64(1))
    params = jax.device_get(params)
    way = {
        name: 0 * value if name == "initial_weights_logits" else random.standard_normal(value.shape)
        for name, value in params.items()
    }

    def along(size: jax.Array) -> jax.Array:
        return worth({name: value + size * way[name] for name, value in params.items()})

    both = jax.jit(jax.value_and_grad(worth))
    gradient = jax.device_get(both(params)[1])
    reverse = sum(float((gradient[name] * way[name]).sum()) for name in params)
    if forward:
        with executor("scan"):
            _, slope = jax.jit(lambda size: jax.jvp(along, (size,), (jnp.ones(()),)))(np.zeros(()))
        assert reverse == pytest.approx(float(slope), rel=1e-7, abs=1e-12)
    ends = [
        float(both({name: value + size * way[name] for name, value in params.items()})[0])
        for size in (STEP, -STEP)
    ]
    return reverse, (ends[0] - ends[1]) / (2 * STEP)


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, "vectorized") for name in FREE] + [("mean_reversion_channel_zero_fee_3", "scan")],
)
def test_slopes_of_frictionless_runs(name: str, method: str) -> None:
    """Of the last value's logarithm, in both executors of the rule."""
    case = CASES[name]
    told = settings(case, weight_calculation_method=method)
    world, spans = market(told), (("all", 0, case["minutes"]),)
    found, expected = slopes(
        lambda params: jnp.log(days(told.pool, params, world, 0, spans)["all"].last.value),
        raw(case),
        name in FORWARD and method == "vectorized",
    )
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", COSTLY)
def test_slopes_of_runs_with_fees(name: str) -> None:
    """Of the last value's logarithm, in the fee: where nothing else trains, that does."""
    case = CASES[name]
    told = settings(case)
    world = market(told)
    assert world.frictions is not None

    def worth(params: dict[str, Any]) -> jax.Array:
        frictions = world.frictions._replace(fee=params["fee"])
        path = simulate(told.pool, raw(case), world._replace(frictions=frictions), 0, MINUTES)
        return jnp.log(path.value[-1])

    found, expected = slopes(worth, {"fee": world.frictions.fee}, name in FORWARD)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-7)
