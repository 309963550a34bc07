"""Machine code: compiled once for a processor, kept as a file, and loaded without numba.

Numba turns Python into LLVM's language; LLVM makes of it one object that needs nothing but the C
library. The file's name is a digest of all that it comes from. It is written under a lock, whole or
not at all, and checked when read.
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

_FILES = Cache("kernels", "code-*", most_bytes=2**20)
"""Some ten of them."""
_LOADED: list[Any] = []
"""Machine code lives as long as its engine."""


@cache
def digest() -> str:
    """Of the source, the compiler and the processor.

    Numba reads Python's own bytecode: each Python has its code.
    """
    here = Path(__file__).parent
    parts = [
        part
        for path in sorted(here.rglob("*.py"))
        for part in (path.relative_to(here).as_posix().encode(), path.read_bytes())
    ]
    parts += [
        text.encode()
        for text in (
            "{}.{}".format(*sys.version_info),
            llvmlite.__version__,
            llvm.get_process_triple(),
            llvm.get_host_cpu_name(),
            llvm.get_host_cpu_features().flatten(),
        )
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@cache
def entry() -> int:
    """The address of the function that XLA calls."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(_code()))
    engine.finalize_object()
    _LOADED.append(engine)
    return int(engine.get_function_address(NAME))


def machine() -> Any:
    """This processor, as LLVM knows it."""
    processor = {
        "cpu": llvm.get_host_cpu_name(),
        "features": llvm.get_host_cpu_features().flatten(),
    }
    return llvm.Target.from_default_triple().create_target_machine(
        **processor, opt=3, codemodel="jitdefault", jit=True
    )


def _code() -> bytes:
    """From the file or, if none is whole, compiled: by one process, while others wait."""
    entry = f"code-{digest()}"
    code = _FILES.get(entry, _read)
    if code is None:
        with _FILES.alone():
            code = _FILES.get(entry, _read)
            if code is None:
                code = _compiled()
                content = hashlib.sha256(code).digest() + code
                _FILES.keep(entry, lambda file: file.write(content))
    return code


def _compiled() -> bytes:
    logging.getLogger(__name__).info(
        "compiling the minute loop for this processor, once (about 20 s)"
    )
    from quantamm_cli.kernels.compile import compiled

    return compiled(machine())


def _read(file: BinaryIO) -> bytes | None:
    content = file.read()
    return content[32:] if hashlib.sha256(content[32:]).digest() == content[:32] else None
