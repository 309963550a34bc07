"""Numba, imported when first needed; what it compiles is kept under the cache folder.

Numba asks only whether a function's own file has changed, not those it calls, so the place of its
cache is a digest of all of them.
"""

import contextlib
import hashlib
import logging
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from quantamm_cli.settings.cache import Cache

_FOLDERS = Cache("streams", "*", most_bytes=16 * 2**20)
"""The machine code of a handful of sources."""
_COMPILED = ("random", "competition/market", "competition/challenge")
"""The folders of the package that hold compiled functions."""


def jit(function: Any) -> Any:
    """Compiled at its first call, without the interpreter's lock.

    Arithmetic is that of IEEE 754, nothing fused or reordered.
    """
    import numba

    compiled: Any = numba.njit(nogil=True, error_model="numpy")(function)
    if (folder := _folder()) is not None:
        config: Any = numba.config  # makes its attributes when it is imported
        before, config.CACHE_DIR = config.CACHE_DIR, folder
        try:
            with contextlib.suppress(RuntimeError):  # numba finds no place to write to
                compiled.enable_caching()
                compiled._cache = _Forgiving(compiled._cache)
        finally:
            config.CACHE_DIR = before
    return compiled


class _Forgiving:
    """Numba's cache of a function, for which a full disk or a damaged file is no failure."""

    def __init__(self, files: Any) -> None:
        self._files = files

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def load_overload(self, *which: Any) -> Any:
        try:
            return self._files.load_overload(*which)
        except Exception:  # what a damaged file makes pickle raise has many types
            with contextlib.suppress(OSError):
                self._files.flush()  # or it would stay damaged
            return None

    def save_overload(self, *result: Any) -> None:
        with contextlib.suppress(OSError):
            self._files.save_overload(*result)


@cache
def _folder() -> str | None:
    """Where machine code of this source is kept; ``None`` where nothing can be."""
    folder = _FOLDERS.claim(digest())
    if folder is None:
        return None
    if not any(folder.iterdir()):
        logging.getLogger(__name__).info(
            "compiling the market's streams for this processor, once (some 10 s)"
        )
    return str(folder)


def sources() -> list[Path]:
    """The files that hold compiled functions. They import nothing of the package but each other."""
    package = Path(__file__).parent.parent
    files = sorted(path for name in _COMPILED for path in (package / name).rglob("*.py"))
    return [path for path in files if b"\n@jit" in path.read_bytes()]


@cache
def digest() -> str:
    """Of all that is compiled: a market that is not compiled voids no machine code."""
    return digest_of(sources())


def digest_of(files: Iterable[Path]) -> str:
    """16 hex digits of the content of some files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
