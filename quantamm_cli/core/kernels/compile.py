"""Python to machine code. Only what finds no file of it imports this, and with it numba."""

import ctypes
import os
from typing import Any

import llvmlite.binding as llvm

PARTS = {"lane_forward": "qsim_minutes_forward", "lane_backward": "qsim_minutes_backward", "helper": "qsim_minutes_helper", "handle": None}
"""Functions of ``lanes`` and the names by which they call each other."""


def compiled(entry: str, machine: Any) -> bytes:
    """One object, of which only ``entry`` is seen from outside."""
    module = None
    lanes = _lanes()
    for part, name in PARTS.items():
        function = getattr(lanes, part)
        code = llvm.parse_assembly(function.inspect_llvm().replace(function.native_name, name or entry))
        if module is None:
            module = code
        else:
            module.link_in(code)
    assert module is not None
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "external" if function.name == entry else "internal"
    return _optimised(module, machine)


def _lanes() -> Any:
    """Compiled by numba as it is written: it is optimised once, as a whole."""
    for name in filter(None, PARTS.values()):  # numba links at once what it compiles; what it links here is never called
        llvm.add_symbol(name, ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value)
    before = os.environ.get("NUMBA_OPT")
    os.environ["NUMBA_OPT"] = "0"  # read when numba is imported; that it is not yet only saves time
    try:
        from quantamm_cli.core.kernels import lanes
    finally:
        if before is None:
            del os.environ["NUMBA_OPT"]
        else:
            os.environ["NUMBA_OPT"] = before
    return lanes


def _optimised(module: Any, machine: Any) -> bytes:
    """Loops over a handful of tokens are neither unrolled nor vectorised: that would cost more than it saves."""
    tuning = llvm.create_pipeline_tuning_options(3)
    tuning.loop_unrolling = tuning.loop_vectorization = tuning.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code
