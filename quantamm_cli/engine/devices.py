"""Parameter sets and windows over several devices: each device computes its share, and what is
shared lies on all of them.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

T = TypeVar("T")
SHARED, SETS, WINDOWS = PartitionSpec(), PartitionSpec("sets"), PartitionSpec("windows")
"""How arrays lie on a mesh: whole on every device, or cut along their first axis."""


def layout(devices: int, sets: int, windows: int) -> tuple[int, int]:
    """Into how many equal parts sets and windows are cut to use as many devices as possible; of
    equals, the one with most parts of sets.
    """
    cuts = [
        (a, b)
        for a in range(1, devices + 1)
        if sets % a == 0
        for b in range(1, devices // a + 1)
        if windows % b == 0
    ]
    return max(cuts, key=lambda cut: (cut[0] * cut[1], cut[0]))


def mesh(sets: int, windows: int) -> Mesh | None:
    """The devices that share the work; ``None`` where one does it all."""
    devices = jax.local_devices()
    cut = layout(len(devices), sets, windows)
    return (
        None
        if cut == (1, 1)
        else Mesh(np.array(devices[: cut[0] * cut[1]]).reshape(cut), ("sets", "windows"))
    )


def place_on(on: Mesh | None, lies: PartitionSpec, values: Any) -> Any:
    """Arrays where programs spread over the mesh take them from, so that no call moves them."""
    return values if on is None else jax.device_put(values, NamedSharding(on, lies))


def shard(
    on: Mesh | None, work: Callable[..., T], taken: tuple[Any, ...], left: PartitionSpec
) -> Callable[..., T]:
    """``work`` on every device at once, each with its part of the arguments;
    the work itself where there is no mesh.
    """
    if on is None:
        return work
    # JAX does not follow which values differ between devices: derivatives we give ourselves are
    # those of one device's own work.
    everywhere: Callable[..., T] = jax.shard_map(
        work, mesh=on, in_specs=taken, out_specs=left, check_vma=False
    )
    return everywhere


def mean_over_windows(on: Mesh | None, values: T) -> T:
    """In ``shard`` work: means over a device's windows become those over all windows.

    Not to be differentiated through.
    """
    means: T = (
        values if on is None or on.shape["windows"] == 1 else jax.lax.pmean(values, "windows")
    )
    return means
