"""Compiled code as a JAX operation on the CPU: under jit and vmap, inside loops and in shard_map.

Under vmap, operands that lanes share (the prices above all) are passed once, and lanes run on XLA's
threads. These operations have no gradients; callers define them.
"""

import ctypes
from collections.abc import Iterable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.kernels.tasks import TASKS, family_of

Shapes = tuple[tuple[tuple[int, ...], Any], ...]


_REGISTERED: list[str] = []


def registered() -> tuple[str, ...]:
    """The families of tasks that XLA knows, so that programs may call them."""
    return tuple(_REGISTERED)


def register(families: Iterable[str]) -> None:
    """Let XLA know the code of families before a program that calls it is loaded."""
    for family in families:
        _target(family)


@cache
def _target(family: str) -> str:
    """The name under which XLA knows the code of a family. It contains the digest of the code, so
    that no program cached on disk calls other code.
    """
    from quantamm_cli.kernels.build import digest, entry

    name = f"qsim_{digest()}_{family}"
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    jax.ffi.register_ffi_target(
        name, capsule(entry(family), None, None), platform="cpu", api_version=1
    )
    _REGISTERED.append(family)
    return name


def run(task: str, integers: tuple[int, ...], shapes: Shapes, *operands: Any) -> list[Array]:
    """The results of a task; ``integers`` are the task's own."""
    spec = np.array([TASKS.index(task), len(shapes[0][0]), *integers, 0, 0], np.int32)
    results = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    inputs = align_varying((jnp.asarray(spec), *operands))
    call = jax.ffi.ffi_call(_target(family_of(task)), results, vmap_method="expand_dims")
    # JAX assumes that a foreign function gives the same on all devices, so results are cast.
    axes = _axes(*operands)
    return [_cast(leaf, axes) for leaf in call(*inputs)]


def floats(*shapes: tuple[int, ...]) -> Shapes:
    """Shapes of results in double precision."""
    return tuple((shape, jnp.float64) for shape in shapes)


def double_precision() -> bool:
    """Whether JAX can compute in double precision."""
    return bool(jax.dtypes.canonicalize_dtype(float).itemsize == 8)


def double(values: Any) -> Array:
    """The values in double precision.

    Raises:
        ValueError: jax_enable_x64 is off.
    """
    if not double_precision():
        raise ValueError("compiled code computes in double precision: set jax_enable_x64")
    return jnp.asarray(values, jnp.float64)


def aligned_doubles(*values: Any) -> tuple[Array, ...]:
    """The values in double precision, made varying alike."""
    return tuple(align_varying(tuple(map(double, values))))


def first_row(start: Any, length: int, rows: int) -> Array:
    """The first row of a window of ``length`` rows.

    A window that exceeds the data is moved inside, as JAX does with slices: compiled code does not
    check bounds.

    Raises:
        ValueError: the window is longer than the data.
    """
    if length > rows:
        raise ValueError(f"a window of {length} rows does not fit data of {rows} rows")
    return jnp.clip(jnp.asarray(start, jnp.int32), 0, rows - length)


def align_varying(values: Any) -> Any:
    """In shard_map, marks all values as varying over the axes over which any of them varies: the
    gradient of a value that devices share is then summed over them.
    """
    axes = _axes(*jax.tree.leaves(values))
    return jax.tree.map(lambda leaf: _cast(leaf, axes), values)


def _cast(leaf: Any, axes: frozenset[Any]) -> Any:
    missing = tuple(axes - _axes(leaf))
    return jax.lax.pcast(leaf, missing, to="varying") if missing else leaf


def _axes(*leaves: Any) -> frozenset[Any]:
    return frozenset().union(*(jax.typeof(leaf).manual_axis_type.varying for leaf in leaves))
