"""Python to machine code. Only what finds no file of it imports this, and with it numba."""

import ctypes
import os
from typing import Any

import llvmlite.binding as llvm

from quantamm_cli.kernels.tasks import FRICTIONLESS, FRICTIONS, LONG, NAME, TASKS


def compiled(machine: Any) -> bytes:
    """One object with all of it."""
    module = llvm.parse_assembly("")
    for name, function in _functions().items():
        code = llvm.parse_assembly(function.inspect_llvm().replace(function.native_name, name))
        for part in code.functions:
            if not part.is_declaration:
                part.linkage = "external" if part.name == name else "internal"
        _optimise(code, machine, long=name.removeprefix(f"{NAME}_") in LONG)
        module.link_in(code)
    made = machine.emit_object(module)
    assert isinstance(made, bytes)
    return made


def _optimise(module: Any, machine: Any, long: bool) -> None:
    """Loops over a handful of tokens are neither unrolled nor vectorised:
    that would cost more than it saves.
    """
    tuning = llvm.create_pipeline_tuning_options(3)
    tuning.loop_unrolling = tuning.loop_vectorization = tuning.slp_vectorization = long
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)


def _functions() -> dict[str, Any]:
    """By the names by which they call each other.

    Compiled by numba as they are written: they are optimised once, as a whole.
    """
    before = os.environ.get("NUMBA_OPT")
    os.environ["NUMBA_OPT"] = "0"  # read when numba is imported; that it is not yet only saves time
    unused = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
    for name in ("helper", *TASKS):
        llvm.add_symbol(
            f"{NAME}_{name}", unused
        )  # numba links at once what it compiles; what it links here is never called
    try:
        from quantamm_cli.kernels import threads
        from quantamm_cli.kernels.frictionless import entry_points as frictionless
        from quantamm_cli.kernels.frictions import entry_points as frictions
    finally:
        if before is None:
            del os.environ["NUMBA_OPT"]
        else:
            os.environ["NUMBA_OPT"] = before
    lanes = {
        name: getattr(home, name)
        for home, names in ((frictions, FRICTIONS), (frictionless, FRICTIONLESS))
        for name in names
    }
    return {
        f"{NAME}_{name}": function
        for name, function in (lanes | {"helper": threads.helper}).items()
    } | {NAME: threads.handle}
