"""Machine code: compiled once for a processor, kept as a file, and loaded without numba.

Numba turns Python into LLVM's language; LLVM makes of it one object that needs nothing but the C library. The file's name is a
digest of all that it comes from. It is written under a lock, whole or not at all, and checked when read.
"""

import hashlib
import logging
import os
import sys
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from quantamm_cli.kernels.tasks import NAME
from quantamm_cli.settings.conf import cache_folder

_KEPT = 8
_LOADED: list[Any] = []
"""Machine code lives as long as its engine."""


@cache
def digest() -> str:
    """Of the source, the compiler and the processor. Numba reads Python's own bytecode: each Python has its code."""
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
    """From the file or, if there is none that is whole, compiled."""
    folder = cache_folder() / "kernels"
    file = folder / f"code-{digest()}"
    if (found := _read(file)) is not None:
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    with _lock(folder) if writable else nullcontext():
        found = _read(file)
        if found is None:
            found = _compiled()
            if writable:
                _write(file, found)
    return found


def _lock(folder: Path) -> Any:
    from filelock import FileLock

    return FileLock(folder / ".lock")


def _compiled() -> bytes:
    logging.getLogger(__name__).info(
        "compiling the minute loop for this processor, once (about 20 s)"
    )
    from quantamm_cli.kernels.compile import compiled

    return compiled(machine())


def _read(file: Path) -> bytes | None:
    """What was written, if it is all there."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content[32:] if hashlib.sha256(content[32:]).digest() == content[:32] else None


def _write(file: Path, code: bytes) -> None:
    """Atomically; the oldest of too many files go."""
    draft = file.with_name(f"draft-{os.getpid()}")
    try:
        draft.write_bytes(hashlib.sha256(code).digest() + code)
        draft.replace(file)
        for old in sorted(file.parent.glob("code-*"), key=lambda path: path.stat().st_mtime)[
            :-_KEPT
        ]:
            old.unlink(missing_ok=True)
    except OSError:  # a full disk costs the next process a compile, nothing more
        draft.unlink(missing_ok=True)
