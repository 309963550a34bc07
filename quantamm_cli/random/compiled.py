"""Numba, imported when first needed; its machine code is cached under the cache folder.

Numba checks only whether a function's own file has changed, not the files of functions it calls, so
its cache folder is named by a digest of all of them.
"""

import contextlib
import logging
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.source_digest import source_digest

_FOLDERS = Cache("streams", "*", most_bytes=16 * 2**20)
"""One folder of machine code a digest."""
_PACKAGE = Path(__file__).parent.parent
_COMPILED = ("random", "competition/market", "competition/challenge")
"""The folders of the package that hold compiled functions."""


def jit(function: Any) -> Any:
    """Compiles a function at its first call; it runs without the interpreter's lock.

    Arithmetic follows IEEE 754: nothing is fused or reordered.
    """
    import numba

    compiled: Any = numba.njit(nogil=True, error_model="numpy")(function)
    if (folder := _folder()) is not None:
        config: Any = numba.config  # its attributes are set at import, which mypy cannot see
        before, config.CACHE_DIR = config.CACHE_DIR, folder
        try:
            with contextlib.suppress(RuntimeError):  # numba found no folder that it can write to
                compiled.enable_caching()
                compiled._cache = _FaultTolerantCache(compiled._cache)
        finally:
            config.CACHE_DIR = before
    return compiled


class _FaultTolerantCache:
    """Numba's cache of a function; a full disk or a damaged file is no error."""

    def __init__(self, files: Any) -> None:
        self._files = files

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def load_overload(self, *which: Any) -> Any:
        try:
            return self._files.load_overload(*which)
        except Exception:  # pickle raises many types of errors for a damaged file
            with contextlib.suppress(OSError):
                self._files.flush()  # removes the damaged entry
            return None

    def save_overload(self, *result: Any) -> None:
        with contextlib.suppress(OSError):
            self._files.save_overload(*result)


@cache
def _folder() -> str | None:
    """The folder for machine code of these sources; ``None`` if it cannot be written to."""
    folder = _FOLDERS.claim(digest())
    if folder is None:
        return None
    if not any(folder.iterdir()):
        logging.getLogger(__name__).info(
            "compiling the market's streams for this processor, once (about 10 s)"
        )
    return str(folder)


def sources() -> list[Path]:
    """The files with compiled functions. Within the package they import only each other."""
    files: list[Path] = []
    for name in _COMPILED:
        files += (_PACKAGE / name).rglob("*.py")
    return sorted(path for path in files if b"\n@jit" in path.read_bytes())


@cache
def digest() -> str:
    """The digest of all files with compiled functions; a change of other files keeps the cache."""
    return digest_of(sources())


def digest_of(files: Iterable[Path]) -> str:
    """16 hex digits of files of the package."""
    return source_digest(_PACKAGE, files)[:16]
