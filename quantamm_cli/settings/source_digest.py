"""A digest of files of Python: of a package's source, of what is compiled or translated."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path


def source_digest(
    root: Path, files: Iterable[Path], read: Callable[[Path], bytes] = Path.read_bytes
) -> str:
    """64 hex digits of the names below ``root`` and the contents of files, in order of names; of a
    file elsewhere its own name counts.

    ``read``: what of a file counts. Source has no NUL, so that one ends each name and content.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        digest.update(name.encode() + b"\0" + read(path) + b"\0")
    return digest.hexdigest()
