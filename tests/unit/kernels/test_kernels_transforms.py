"""The compiled loop under JAX's transformations, over devices, and in programs kept on disk."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from kernel_worlds import CASES, looped

CASE = CASES["all frictions"]
ROWS = (0, 100, 699)
HERE = Path(__file__).resolve().parent


def value(inputs: dict[str, Any], start: Any) -> jax.Array:
    left = looped(CASE, inputs, ROWS, start)
    return jnp.log(left.reserves).sum() + left.fees.sum() / 1e4


def sets(count: int) -> dict[str, Any]:
    """Parameter sets: blocks and opening reserves differ, frictions are shared."""
    inputs = CASE.inputs
    scale = 1 + 1e-3 * jnp.arange(count)
    return inputs | {
        "opening": inputs["opening"] * scale[:, None],
        "slopes": inputs["slopes"] * scale[:, None, None],
    }


AXES = {name: 0 if name in ("opening", "slopes") else None for name in CASE.inputs}


def test_lanes_are_single_runs() -> None:
    """Two nested maps, sets and windows, with what they share passed once: value and gradients,
    those of shared inputs summed.
    """
    many, starts = sets(3), jnp.arange(5, dtype=jnp.int32) * 11

    def total(inputs: dict[str, Any]) -> jax.Array:
        each = jax.vmap(
            lambda one: jax.vmap(lambda start: value(one, start))(starts), in_axes=(AXES,)
        )(inputs)
        assert each.shape == (3, 5)
        return (each * jnp.arange(15.0).reshape(3, 5)).sum()

    def one_by_one(inputs: dict[str, Any]) -> jax.Array:
        lanes = [
            ({name: leaf if AXES[name] is None else leaf[i] for name, leaf in inputs.items()}, j)
            for i in range(3)
            for j in range(5)
        ]
        return sum(
            ((5 * (k // 5) + k % 5) * value(lane, starts[j]) for k, (lane, j) in enumerate(lanes)),
            jnp.zeros(()),
        )

    found, expected = (jax.jit(jax.value_and_grad(run))(many) for run in (total, one_by_one))
    for name, leaf in expected[1].items():
        np.testing.assert_allclose(
            found[1][name], leaf, rtol=1e-10, atol=1e-12 * float(jnp.abs(leaf).max()), err_msg=name
        )
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13)


def test_lanes_share_the_prices() -> None:
    """In the mapped program no array is as large as all lanes' prices."""
    many = sets(6)
    run = jax.vmap(jax.grad(value), in_axes=(AXES, None))
    text = jax.jit(run).lower(many, jnp.asarray(3)).as_text()
    assert "tensor<1x800x3xf64>" in text
    assert "tensor<6x800x3xf64>" not in text


def test_inside_a_loop() -> None:
    """Gradient steps inside lax.scan are those outside of it."""
    inputs = CASE.inputs
    slope = jax.grad(value)

    def step(given: dict[str, Any], start: Any) -> tuple[dict[str, Any], jax.Array]:
        change = slope(given, start)
        return given | {"opening": given["opening"] * (1 + 1e-6 * change["opening"])}, value(
            given, start
        )

    starts = jnp.arange(4, dtype=jnp.int32) * 9
    last, seen = jax.jit(lambda given: jax.lax.scan(step, given, starts))(inputs)
    for k in range(4):
        np.testing.assert_allclose(seen[k], value(inputs, starts[k]), rtol=1e-13)
        inputs = step(inputs, starts[k])[0]
    np.testing.assert_allclose(last["opening"], inputs["opening"], rtol=1e-13)
    through = jax.jit(
        jax.grad(
            lambda given: jax.lax.scan(
                lambda c, start: (c + value(given, start), None), 0.0, starts
            )[0]
        )
    )(CASE.inputs)
    expected = jax.tree.map(
        lambda *leaves: sum(leaves), *(slope(CASE.inputs, start) for start in starts)
    )
    np.testing.assert_allclose(through["slopes"], expected["slopes"], rtol=1e-10)


ALONE = f"""
import sys, time
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]
import jax
import jax.numpy as jnp
import numpy as np
jax.config.update("jax_enable_x64", True)
"""
DEVICES = (
    ALONE
    + """
from jax.sharding import Mesh, PartitionSpec as P
from kernel_worlds import CASES
from test_kernels_transforms import AXES, sets, value
assert len(jax.devices()) == 2
many, mesh = sets(6), Mesh(np.array(jax.devices()), ("sets",))
specs = {name: P() if axis is None else P("sets") for name, axis in AXES.items()}
run = jax.vmap(jax.value_and_grad(value), in_axes=(AXES, None))
def local(inputs):
    total, slopes = run(inputs, 3)
    # the gradient of an input that devices share is summed over them
    return total, slopes["opening"], slopes["fee"].sum()
results = (P("sets"), P("sets"), P())
shared = jax.jit(jax.shard_map(local, mesh=mesh, in_specs=(specs,), out_specs=results))
total, opening, fee = run(many, 3)[0], run(many, 3)[1]["opening"], run(many, 3)[1]["fee"].sum()
for _ in range(20):
    found = shared(many)
    np.testing.assert_array_equal(found[0], total)
    np.testing.assert_array_equal(found[1], opening)
    np.testing.assert_allclose(found[2], fee, rtol=1e-12)
"""
)
KEPT = (
    ALONE
    + """
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
missed = []
def count(name, **_):
    if name.endswith("cache_misses"):
        missed.append(name)
jax.monitoring.register_event_listener(count)
from test_kernels_transforms import CASE, value
found = jax.jit(jax.grad(value))(CASE.inputs, 3)
print(len(missed), "numba" in sys.modules, float(found["fee"]))
"""
)


def alone(program: str, **more: str) -> str:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_devices_call_at_once() -> None:
    """Under shard_map each device runs its lanes, with the numbers of one."""
    alone(DEVICES, XLA_FLAGS="--xla_force_host_platform_device_count=2")


def test_programs_are_kept_between_processes(tmp_path: Path) -> None:
    """The second process compiles nothing, neither XLA's nor ours, and finds the same."""
    first, second = (alone(KEPT, JAX_COMPILATION_CACHE_DIR=str(tmp_path)).split() for _ in range(2))
    assert int(first[0]) > 0
    assert second[0] == "0"
    assert second[1] == "False"
    assert first[2] == second[2]
