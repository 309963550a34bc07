"""Machine code: compiled once for a processor, stored as files, and loaded without numba.

LLVM compiles what numba translated (``translation``) to one object for each family of tasks, which
needs only the C library. A file's name is a digest of its sources. It is written atomically under a
lock, and its checksum is verified when it is read.
"""

import hashlib
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import llvmlite
import llvmlite.binding as llvm

from quantamm_cli.kernels.tasks import NAME
from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.source_digest import source_digest

_FILES = Cache("kernels", "code-*", most_bytes=2**20)
"""A file is 0.06 MB; the size limit keeps some ten pairs of them."""
_LOADED: list[Any] = []
"""The engines: machine code exists as long as its engine."""


@cache
def digest() -> str:
    """16 hex digits of the kernels' source, the compiler and the processor.

    Numba translates Python's bytecode, so the version of Python is part of it.
    """
    folder = Path(__file__).parent
    parts = (
        source_digest(folder, folder.rglob("*.py")),
        "{}.{}".format(*sys.version_info),
        llvmlite.__version__,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def entry(family: str) -> int:
    """The address of the function that XLA calls for the tasks of a family."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(_code(family)))
    engine.finalize_object()
    _LOADED.append(engine)
    return int(engine.get_function_address(NAME))


def machine() -> Any:
    """LLVM's target for this processor."""
    processor = {
        "cpu": llvm.get_host_cpu_name(),
        "features": llvm.get_host_cpu_features().flatten(),
    }
    return llvm.Target.from_default_triple().create_target_machine(
        **processor, opt=3, codemodel="jitdefault", jit=True
    )


def _code(family: str) -> bytes:
    """The machine code: read from its file, else compiled by one process while others wait."""
    name = f"code-{digest()}-{family}"
    code = _FILES.get(name, _read)
    if code is None:
        with _FILES.alone():
            code = _FILES.get(name, _read)
            if code is None:
                code = _compiled(family)
                content = hashlib.sha256(code).digest() + code
                _FILES.keep(name, lambda file: file.write(content))
    return code


def _compiled(family: str) -> bytes:
    logging.getLogger(__name__).info(
        "compiling loops for this processor, once (a few seconds; longer where they must be "
        "translated first)"
    )
    from quantamm_cli.kernels.compile import compiled

    return compiled(machine(), family)


def _read(file: BinaryIO) -> bytes | None:
    """The code in a file; ``None`` if its checksum is wrong."""
    content = file.read()
    checksum, code = content[:32], content[32:]
    return code if hashlib.sha256(code).digest() == checksum else None
