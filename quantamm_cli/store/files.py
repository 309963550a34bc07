"""Pictures and pages, each written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from quantamm_cli.store import atomic


def write_files(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Writes each file into ``folder``, which is made if need be; the paths by name.

    Raises StoreError.
    """
    atomic.make_folder(folder)
    for name, content in files.items():
        atomic.write_bytes(folder / name, content)
    return {name: str(folder / name) for name in files}
