"""Numba, imported when first needed; what it compiles is kept under the cache folder.

Numba asks only whether a function's own file has changed, not those it calls, so the place of its cache is a digest of all of them.
"""

import hashlib
import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

from quantamm_cli.settings.conf import cache_folder

_KEPT = 4
_COMPILED = ("random", "competition/market", "competition/challenge")
"""The folders of the package whose functions are compiled."""


def jit(function: Any) -> Any:
    """Compiled at its first call, without the interpreter's lock. Arithmetic is that of IEEE 754, nothing fused or reordered."""
    import numba

    if (folder := _folder()) is None:
        return numba.njit(nogil=True, error_model="numpy")(function)
    config: Any = numba.config  # makes its attributes when it is imported
    before, config.CACHE_DIR = config.CACHE_DIR, folder
    try:
        return numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    finally:
        config.CACHE_DIR = before


@cache
def _folder() -> str | None:
    """Where machine code of this source is kept; ``None`` where nothing can be."""
    place = cache_folder() / "streams"
    folder = place / digest()
    try:
        known = folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return None
        os.utime(folder)
        _prune(place)
    except OSError:
        return None
    if not known:
        logging.getLogger(__name__).info(
            "compiling the market's streams for this processor, once (some 10 s)"
        )
    return str(folder)


@cache
def digest() -> str:
    """Of all that is compiled, and of what calls it."""
    package = Path(__file__).parent.parent
    files = sorted(path for name in _COMPILED for path in (package / name).rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _prune(place: Path) -> None:
    """The machine code of older sources goes, all but the last few."""
    import shutil

    for old in sorted(place.iterdir(), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
