"""What was there before a fresh start, kept beside."""

import os
from datetime import UTC, datetime
from pathlib import Path

from quantamm_cli.store import atomic


def set_aside(*paths: Path) -> None:
    """Renames what there is of these to names with one date, in this order; no listing takes them
    for what they were. Raises StoreError.
    """
    stamp, count = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 0
    while any(os.path.lexists(f"{path}.{stamp}") for path in paths):
        count += 1
        stamp = f"{stamp.split('-')[0]}-{count}"
    for path in paths:
        with atomic.telling(path, "set aside"):
            if os.path.lexists(path):
                os.rename(path, f"{path}.{stamp}")
                atomic.sync_folder(path.parent)
