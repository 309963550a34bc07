"""Python to LLVM IR: by numba, or as numba translated it when the package was made.

Translating takes twice as long as compiling what comes of it. What comes of it is the same on every
processor of an architecture, so it is a file of the package, ``translated.xz``. It is used only if
it was made from the sources that are there, for this architecture.
"""

import ast
import ctypes
import json
import lzma
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from quantamm_cli.kernels.tasks import FRICTIONLESS, FRICTIONS, NAME, TASKS
from quantamm_cli.settings.source_digest import source_digest

SHIPPED = Path(__file__).with_name("translated.xz")
_NOT_TRANSLATED = ("jax_ops.py", "build.py", "compile.py", "translation.py", "operands.py")


def translation() -> dict[str, str]:
    """LLVM IR by the symbol of a function, not optimised."""
    shipped = read(SHIPPED)
    return translated() if shipped is None else shipped


def read(path: Path) -> dict[str, str] | None:
    """A translation in a file; ``None`` if it is of other sources, for another architecture, or
    cannot be read.
    """
    try:
        stored = json.loads(lzma.decompress(path.read_bytes()))
        fits = stored["made_from"] == sources() and stored["target"] == llvm.get_process_triple()
        return dict(stored["texts"]) if fits else None
    except (OSError, ValueError, KeyError, TypeError, lzma.LZMAError):
        return None


def write(path: Path, texts: dict[str, str]) -> None:
    """Stores a translation of the sources that are there, for this architecture."""
    head = {"made_from": sources(), "target": llvm.get_process_triple()}
    content = json.dumps(head | {"texts": texts}).encode()
    path.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


def sources() -> str:
    """64 hex digits of the code that numba translates, without its texts and comments."""
    folder = Path(__file__).parent
    files = (path for path in folder.rglob("*.py") if path.name not in _NOT_TRANSLATED)
    return source_digest(folder, files, _code)


def _code(path: Path) -> bytes:
    """The code of a file."""
    return ast.unparse(_WithoutTexts().visit(ast.parse(path.read_bytes()))).encode()


class _WithoutTexts(ast.NodeTransformer):
    """Leaves out texts that stand alone: they say what the code before or below them is."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def translated() -> dict[str, str]:
    """The translation of all functions, by numba, which is imported here only."""
    texts = {}
    for name, function in _functions().items():
        texts[name] = function.inspect_llvm().replace(function.native_name, name)
    return texts


def _functions() -> dict[str, Any]:
    """The compiled functions by the symbols by which they call each other."""
    with importing_numba():
        from quantamm_cli.kernels import threads
        from quantamm_cli.kernels.frictionless import entry_points as frictionless
        from quantamm_cli.kernels.frictions import entry_points as frictions
    functions = {NAME: threads.handle, f"{NAME}_helper": threads.helper}
    for module, names in ((frictions, FRICTIONS), (frictionless, FRICTIONLESS)):
        for name in names:
            functions[f"{NAME}_{name}"] = getattr(module, name)
    return functions


@contextmanager
def importing_numba() -> Iterator[None]:
    """In which modules of kernels are imported, and translated without optimising: LLVM optimises
    them once, together.
    """
    before = os.environ.get("NUMBA_OPT")
    # Numba reads this when it is imported; if it is imported already, compiling only takes longer.
    os.environ["NUMBA_OPT"] = "0"
    # Numba links at once what it compiles, so each symbol needs some address; none is ever called.
    unused = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
    for name in ("helper", *TASKS):
        llvm.add_symbol(f"{NAME}_{name}", unused)
    try:
        yield
    finally:
        if before is None:
            del os.environ["NUMBA_OPT"]
        else:
            os.environ["NUMBA_OPT"] = before
