"""Parameter sets and windows over several devices: each device computes its share; shared arrays
are copied to all.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from quantamm_cli.engine.objective import Gain

T = TypeVar("T")
SHARED, SETS, WINDOWS = PartitionSpec(), PartitionSpec("sets"), PartitionSpec("windows")
"""Shardings of arrays on a mesh: copied to every device, or split along the first axis."""


def layout(devices: int, sets: int, windows: int) -> tuple[int, int]:
    """The numbers of equal parts into which sets and windows are split, so that as many devices as
    possible are used; among equals the one with most parts of sets.
    """
    best = 1, 1
    for a in range(1, devices + 1):
        for b in range(1, devices // a + 1):
            if sets % a == 0 and windows % b == 0 and (a * b, a) > (best[0] * best[1], best[0]):
                best = a, b
    return best


def mesh(sets: int, windows: int) -> Mesh | None:
    """The devices that share the work; ``None`` if there is only one."""
    devices = jax.local_devices()
    parts = layout(len(devices), sets, windows)
    if parts == (1, 1):
        return None
    return Mesh(np.array(devices[: parts[0] * parts[1]]).reshape(parts), ("sets", "windows"))


def place_on(on: Mesh | None, sharding: PartitionSpec, values: Any) -> Any:
    """The arrays on the devices of the mesh, so that no call of a program has to move them."""
    return values if on is None else jax.device_put(values, NamedSharding(on, sharding))


def shard(
    on: Mesh | None, work: Callable[..., T], in_specs: tuple[Any, ...], out_specs: PartitionSpec
) -> Callable[..., T]:
    """``work`` on every device at once, each with its part of the arguments; without a mesh,
    ``work`` itself.
    """
    if on is None:
        return work
    # check_vma=False: JAX does not track which values differ between devices, so derivatives of
    # custom_vjp are those of one device's own work.
    sharded: Callable[..., T] = jax.shard_map(
        work, mesh=on, in_specs=in_specs, out_specs=out_specs, check_vma=False
    )
    return sharded


def mean_over_windows(on: Mesh | None, gain: Gain, slopes: T) -> tuple[Gain, T]:
    """Inside ``shard``: objectives ``(s,)`` over all windows, and their slopes, from those over
    each device's windows.

    It must not be differentiated.
    """
    if on is None or on.shape["windows"] == 1:
        return gain, slopes
    windows = jax.lax.pmean(gain.windows, "windows")
    # exactly 1 where no window is left out
    share = gain.windows / jnp.maximum(windows, 1 / on.shape["windows"])

    def mean(values: Any) -> Any:
        weight = share.reshape(share.shape + (1,) * (values.ndim - share.ndim))
        return jax.lax.pmean(jnp.where(weight > 0, values * weight, 0), "windows")

    value = jnp.where(windows > 0, mean(gain.value), jnp.nan)
    total = windows * on.shape["windows"]
    return Gain(value, total), jax.tree.map(mean, slopes)
