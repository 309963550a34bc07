"""Sets the files of a result aside before it is started over."""

import os
from datetime import UTC, datetime
from pathlib import Path

from quantamm_cli.store import atomic


def set_aside(*paths: Path) -> None:
    """Renames the existing ones of these paths to names with one date, in this order, so that
    no listing has them. Raises StoreError.
    """
    stamp, count = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 0
    while any(os.path.lexists(f"{path}.{stamp}") for path in paths):
        count += 1
        stamp = f"{stamp.split('-')[0]}-{count}"
    for path in paths:
        with atomic.reporting_errors(path, "set aside"):
            if os.path.lexists(path):
                os.rename(path, f"{path}.{stamp}")
                atomic.sync_folder(path.parent)
