"""Writes pictures and pages atomically."""

from collections.abc import Mapping
from pathlib import Path

from quantamm_cli.store import atomic


def write_files(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Writes each file into ``folder``, which is created if needed; returns the paths by name.

    Raises StoreError.
    """
    atomic.make_folder(folder)
    for name, content in files.items():
        atomic.write_bytes(folder / name, content)
    return {name: str(folder / name) for name in files}
