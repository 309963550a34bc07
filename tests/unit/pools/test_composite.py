"""Pools of pools, against what they are made of."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, opening, tree, world
from numpy.typing import NDArray

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Trajectory
from quantamm_cli.engine.forward import simulate
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.decode import decode

ROWS = 2 * DAY
QUICK = {"chunk_period": 360, "weight_interpolation_period": 240}
run = jax.jit(simulate, static_argnames="rows")


def composite(parent: dict[str, Any], **parts: Any) -> Any:
    told = {
        "kind": "composite",
        "parent": parent,
        "parts": {name: {"tokens": list(part[0]), "pool": part[1]} for name, part in parts.items()},
    }
    return decode(REGISTER["pool"]["composite"], told, "pool")


def path(
    pool: Any, params: Any, prices: NDArray[np.float64], start: int = 0, **fees: Any
) -> Trajectory:
    found = run(pool, params, world(pool, prices, **fees), start, ROWS)
    return Trajectory(*jax.tree.map(np.asarray, tuple(found)))


@pytest.mark.parametrize("fees", [{}, {"fee": 0.002}], ids=["free", "costly"])
def test_without_parts_it_is_its_parent(
    fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """Bit for bit, where neither takes a short cut."""
    parent = build("pool", "temporal", **QUICK)
    with executor("scan"):
        alone = path(parent, opening(parent, 3), prices, **fees)
        whole = path(
            composite(tree("pool", "temporal", **QUICK)), opening(parent, 3), prices, **fees
        )
    for one, other in zip(jax.tree.leaves(alone), jax.tree.leaves(whole), strict=True):
        assert np.array_equal(one, other)


def test_constant_weights_within_constant_weights_are_constant_weights(
    prices: NDArray[np.float64],
) -> None:
    """Without frictions a Balancer pool of a token and a Balancer pool is a Balancer pool
    of the products of weights.
    """
    pool = composite(tree("pool", "balancer"), pair=(("T0", "T2"), tree("pool", "balancer")))
    outer, inner = np.array([0.3, 0.7]), np.array([0.25, 0.75])
    params = {
        "initial_weights_logits": jnp.log(outer),
        "pair_initial_weights_logits": jnp.log(inner),
    }
    found = path(pool, params, prices, 100)
    flat = np.array([outer[1] * inner[0], outer[0], outer[1] * inner[1]])
    plain = path(Balancer(), {"initial_weights_logits": jnp.log(flat)}, prices, 100)
    np.testing.assert_allclose(found.weights, plain.weights, rtol=1e-13)
    np.testing.assert_allclose(found.reserves, plain.reserves, rtol=1e-11)


def test_the_parents_rule_sees_the_worth_of_its_parts(prices: NDArray[np.float64]) -> None:
    """A temporal parent over two parts moves as a temporal pool over their share prices would,
    warm-up included; no look-ahead.
    """
    four = np.concatenate([prices, prices[:, :1] ** 0.5], axis=1)
    parts = {
        "even": (("T0", "T2"), tree("pool", "balancer")),
        "odd": (("T1", "T3"), tree("pool", "balancer")),
    }
    pool = composite(tree("pool", "temporal", **QUICK), **parts)
    params = opening(build("pool", "temporal", **QUICK), 2)
    for name in parts:
        params[f"{name}_initial_weights_logits"] = jnp.zeros(2)
    found = path(pool, params, four)
    shares = np.exp(
        np.log(four[:, [0, 1]] * four[:, [2, 3]]) / 2
    )  # equal weights: the square root of the product
    alone = build("pool", "temporal", **QUICK)
    plain = path(
        alone,
        {name: value for name, value in params.items() if "odd" not in name and "even" not in name},
        shares,
    )
    np.testing.assert_allclose(
        found.weights[:, 0] + found.weights[:, 2], plain.weights[:, 0], rtol=1e-9
    )
    np.testing.assert_allclose(found.value, plain.value, rtol=1e-9)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"a": (("T0", "X"), {"kind": "balancer"})},
            r"parts\.a\.tokens: 'X' is not a token of the run",
        ),
        ({"a": (("T0",), {"kind": "balancer"})}, r"parts\.a\.tokens: 1 token; a pool holds 2"),
        (
            {"a": (("T0", "T1"), {"kind": "balancer"}), "b": (("T1", "T2"), {"kind": "balancer"})},
            r"T1 is in two parts",
        ),
        ({"a": (("T0", "T1", "T2"), {"kind": "balancer"})}, r"leave the parent a single asset"),
    ],
)
def test_parts_that_make_no_sense_are_refused(parts: dict[str, Any], said: str) -> None:
    """With the place."""
    with pytest.raises(ConfigError, match=said):
        composite({"kind": "balancer"}, **parts).check(("T0", "T1", "T2"), "pool")
