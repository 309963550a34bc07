"""Compiled code as a JAX operation on the CPU: under jit and vmap, inside loops and in shard_map.

Under vmap what is shared, above all the prices, is passed once for all lanes, and lanes run on
XLA's threads. Gradients are the business of those who call: what is here has none.
"""

import ctypes
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.kernels.tasks import TASKS

Shapes = tuple[tuple[tuple[int, ...], Any], ...]


@cache
def _target() -> str:
    """The name under which XLA knows the code: other code has another, so that no program kept on
    disk calls the wrong one.
    """
    from quantamm_cli.kernels.build import digest, entry

    name = f"qsim_{digest()}"
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    jax.ffi.register_ffi_target(name, capsule(entry(), None, None), platform="cpu", api_version=1)
    return name


def run(task: str, told: tuple[int, ...], shapes: Shapes, *operands: Any) -> list[Array]:
    """The results of a task; ``told`` are its own integers."""
    spec = np.array([TASKS.index(task), len(shapes[0][0]), *told, 0, 0], np.int32)
    results = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    given = alike((jnp.asarray(spec), *operands))
    found = jax.ffi.ffi_call(_target(), results, vmap_method="expand_dims")(*given)
    axes = _axes(*operands)
    return [
        _cast(leaf, axes) for leaf in found
    ]  # of a foreign function JAX believes that all devices find the same


def floats(*shapes: tuple[int, ...]) -> Shapes:
    """Results in double precision."""
    return tuple((shape, jnp.float64) for shape in shapes)


def double_precision() -> bool:
    """Whether JAX computes in double precision where asked to."""
    return bool(jax.dtypes.canonicalize_dtype(float).itemsize == 8)


def double(values: Any) -> Array:
    """In double precision.

    Raises:
        ValueError: JAX has none.
    """
    if not double_precision():
        raise ValueError("compiled code computes in double precision: set jax_enable_x64")
    return jnp.asarray(values, jnp.float64)


def precise(*values: Any) -> tuple[Array, ...]:
    """In double precision, and alike."""
    return tuple(alike(tuple(map(double, values))))


def first_row(start: Any, length: int, rows: int) -> Array:
    """Where a window of data begins.

    One that leaves the data is moved inside, as JAX's slices are:
    compiled code reads what it is told.
    """
    if length > rows:
        raise ValueError(f"a window of {length} rows in data of {rows}")
    return jnp.clip(jnp.asarray(start, jnp.int32), 0, rows - length)


def alike(given: Any) -> Any:
    """In shard_map, all as varying as the most varying: what devices share has a gradient
    that is summed over them.
    """
    axes = _axes(*jax.tree.leaves(given))
    return jax.tree.map(lambda leaf: _cast(leaf, axes), given)


def _cast(leaf: Any, axes: frozenset[Any]) -> Any:
    missing = tuple(axes - _axes(leaf))
    return jax.lax.pcast(leaf, missing, to="varying") if missing else leaf


def _axes(*leaves: Any) -> frozenset[Any]:
    return frozenset().union(*(jax.typeof(leaf).manual_axis_type.varying for leaf in leaves))
