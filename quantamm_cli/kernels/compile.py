"""Python to machine code. Imported, and numba with it, only if no file of machine code exists."""

import ctypes
import os
from typing import Any

import llvmlite.binding as llvm

from quantamm_cli.kernels.tasks import FRICTIONLESS, FRICTIONS, LONG, NAME, TASKS


def compiled(machine: Any) -> bytes:
    """One object file with all tasks."""
    module = llvm.parse_assembly("")
    for name, function in _functions().items():
        part = llvm.parse_assembly(function.inspect_llvm().replace(function.native_name, name))
        for defined in part.functions:
            if not defined.is_declaration:
                defined.linkage = "external" if defined.name == name else "internal"
        _optimise(part, machine, long=name.removeprefix(f"{NAME}_") in LONG)
        module.link_in(part)
    code = machine.emit_object(module)
    assert isinstance(code, bytes)
    return code


def _optimise(module: Any, machine: Any, long: bool) -> None:
    """Optimises a module; loops are unrolled and vectorised only if ``long``.

    For loops over a handful of tokens that costs more than it saves.
    """
    tuning = llvm.create_pipeline_tuning_options(3)
    tuning.loop_unrolling = tuning.loop_vectorization = tuning.slp_vectorization = long
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)


def _functions() -> dict[str, Any]:
    """The compiled functions by the symbols by which they call each other.

    Numba translates them without optimising: LLVM optimises them once, together.
    """
    before = os.environ.get("NUMBA_OPT")
    # Numba reads this when it is imported; if it is imported already, compiling only takes longer.
    os.environ["NUMBA_OPT"] = "0"
    # Numba links at once what it compiles, so each symbol needs some address; none is ever called.
    unused = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
    for name in ("helper", *TASKS):
        llvm.add_symbol(f"{NAME}_{name}", unused)
    try:
        from quantamm_cli.kernels import threads
        from quantamm_cli.kernels.frictionless import entry_points as frictionless
        from quantamm_cli.kernels.frictions import entry_points as frictions
    finally:
        if before is None:
            del os.environ["NUMBA_OPT"]
        else:
            os.environ["NUMBA_OPT"] = before
    functions = {NAME: threads.handle, f"{NAME}_helper": threads.helper}
    for module, names in ((frictions, FRICTIONS), (frictionless, FRICTIONLESS)):
        for name in names:
            functions[f"{NAME}_{name}"] = getattr(module, name)
    return functions
