"""A foreign function in Python that doubles its operand and prints what it finds in XLA's call
frame at the offsets of ``xla_ffi_layout``.

A process of its own: where the offsets are wrong, it may die.
"""

import ctypes
import json
from typing import Any

import jax
import numpy as np

from quantamm_cli.kernels import xla_ffi_layout

FOUND: dict[str, Any] = {}


def words(address: int, count: int) -> Any:
    """The words at an address."""
    return (ctypes.c_int64 * count).from_address(address)


def numbers(buffer: Any) -> Any:
    return (ctypes.c_double * 6).from_address(buffer[xla_ffi_layout.DATA])


@ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
def handle(address: int) -> int:
    """What XLA calls: first for the version, then at each stage of an execution."""
    head = words(address, 15)
    if head[xla_ffi_layout.EXTENSION]:
        extension = words(head[xla_ffi_layout.EXTENSION], 4)
        if extension[xla_ffi_layout.EXTENSION_TYPE] & 0xFFFFFFFF == xla_ffi_layout.METADATA:
            words(extension[xla_ffi_layout.EXTENSION_METADATA], 4)[
                xla_ffi_layout.METADATA_VERSION
            ] = xla_ffi_layout.API_VERSION
            return 0
    if head[xla_ffi_layout.STAGE] & 0xFFFFFFFF == xla_ffi_layout.EXECUTE:
        execute(head)
    return 0


def execute(head: Any) -> None:
    """Look at two operands, ``(2, 3)`` and ``(5,)``, and a result ``(2, 3)``."""
    count = {
        name: head[kind + xla_ffi_layout.COUNT]
        for name, kind in (
            ("operands", xla_ffi_layout.ARGUMENTS),
            ("results", xla_ffi_layout.RESULTS),
        )
    }
    FOUND.update(count)
    places = [
        *words(head[xla_ffi_layout.ARGUMENTS + xla_ffi_layout.ITEMS], 2),
        *words(head[xla_ffi_layout.RESULTS + xla_ffi_layout.ITEMS], 1),
    ]
    buffers = [words(place, 6) for place in places]
    FOUND["shapes"] = [
        list(words(buffer[xla_ffi_layout.DIMS], buffer[xla_ffi_layout.RANK])) for buffer in buffers
    ]
    numbers(buffers[2])[:] = [2 * value for value in numbers(buffers[0])]
    FOUND["threads"] = threads(head)


def threads(head: Any) -> int:
    """How many XLA says that it has, by the function that compiled code asks;
    zero if there are none to ask.
    """
    answer = ctypes.c_int64(0)
    ask = (ctypes.c_int64 * 4)(32, 0, head[xla_ffi_layout.CONTEXT], ctypes.addressof(answer))
    function = words(head[xla_ffi_layout.API], xla_ffi_layout.THREADS + 1)[xla_ffi_layout.THREADS]
    failure = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(function)(ctypes.addressof(ask))
    return 0 if failure else answer.value


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    address = ctypes.cast(handle, ctypes.c_void_p)
    jax.ffi.register_ffi_target(
        "layout_probe", capsule(address, None, None), platform="cpu", api_version=1
    )
    call = jax.ffi.ffi_call("layout_probe", jax.ShapeDtypeStruct((2, 3), np.float64))
    doubled = call(np.arange(6.0).reshape(2, 3), np.zeros(5)).tolist()
    print(json.dumps(FOUND | {"doubled": doubled}))
