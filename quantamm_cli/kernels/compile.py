"""LLVM IR to machine code: imported only if no file of machine code exists."""

from typing import Any

import llvmlite.binding as llvm

from quantamm_cli.kernels.tasks import FAMILIES, LONG, NAME, TASKS
from quantamm_cli.kernels.translation import translation

_UNUSED = "define i64 @{}(i64) {{ ret i64 1 }}"
"""In place of a task of another family, which is never called."""


def compiled(machine: Any, family: str) -> bytes:
    """One object file with all tasks of a family."""
    module, texts = llvm.parse_assembly(""), translation()
    for task in TASKS:
        name = f"{NAME}_{task}"
        if task not in FAMILIES[family]:
            module.link_in(llvm.parse_assembly(_UNUSED.format(name)))
    for name in (NAME, f"{NAME}_helper", *(f"{NAME}_{task}" for task in FAMILIES[family])):
        module.link_in(_optimised(name, texts[name], machine))
    code = machine.emit_object(module)
    assert isinstance(code, bytes)
    return code


def assembled(name: str, text: str, machine: Any) -> str:
    """The assembly of one function."""
    return str(machine.emit_assembly(_optimised(name, text, machine)))


def _optimised(name: str, text: str, machine: Any) -> Any:
    """The module of one function; loops are unrolled and vectorised only in those of ``LONG``.

    For loops over a handful of tokens that costs more than it saves.
    """
    module, long = llvm.parse_assembly(text), name.removeprefix(f"{NAME}_") in LONG
    for defined in module.functions:
        if not defined.is_declaration:
            defined.linkage = "external" if defined.name == name else "internal"
    tuning = llvm.create_pipeline_tuning_options(3)
    tuning.loop_unrolling = tuning.loop_vectorization = tuning.slp_vectorization = long
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return module
