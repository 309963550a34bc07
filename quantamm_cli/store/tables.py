"""Writes tables, Parquet or CSV by the ending of the file, atomically."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quantamm_cli.store import atomic

TABLES = (".parquet", ".csv")


def write_table(path: Path, columns: Mapping[str, Any]) -> str:
    """Replaces ``path``, which ends in one of ``TABLES``; its folder is created if needed.
    Returns the SHA-256 of the file.

    Raises StoreError.
    """
    import polars

    frame, buffer = polars.DataFrame(dict(columns)), io.BytesIO()
    if path.suffix == ".csv":
        frame.write_csv(buffer)
    else:
        frame.write_parquet(buffer)
    atomic.make_folder(path.parent)
    atomic.write_bytes(path, buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()
