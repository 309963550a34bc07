"""Where the files of one run are."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from quantamm_cli.errors import StoreError

FINGERPRINT = re.compile(r"[0-9a-f]{64}")
CHECKPOINT = re.compile(r"run_([0-9a-f]{64})\.json")


@dataclass(frozen=True)
class Place:
    """The files of the run ``fingerprint`` in a runs folder. Raises StoreError unless it is
    64 lower-case hex digits.
    """

    runs: Path
    fingerprint: str

    def __post_init__(self) -> None:
        if not FINGERPRINT.fullmatch(self.fingerprint):
            raise StoreError(
                str(self.runs), f"{self.fingerprint[:80]!r} is not a fingerprint (64 hex digits)"
            )

    @classmethod
    def of(cls, checkpoint: Path) -> Self:
        """The place whose checkpoint is at this path.

        Raises StoreError if the name is not one of a checkpoint.
        """
        named = CHECKPOINT.fullmatch(checkpoint.name)
        if not named:
            raise StoreError(
                str(checkpoint),
                "is not named run_<64 hex digits>.json; if it was renamed, rename it back",
            )
        return cls(checkpoint.parent, named[1])

    @property
    def checkpoint(self) -> Path:
        """The JSON."""
        return self.runs / f"run_{self.fingerprint}.json"

    @property
    def folder(self) -> Path:
        """What belongs to the run and is not in the JSON.

        Raises StoreError if it leads out of the runs folder.
        """
        folder = self.runs / f"run_{self.fingerprint}"
        if folder.is_symlink():
            raise StoreError(
                str(folder), "is a symbolic link; a run's folder must lie in the runs folder itself"
            )
        return folder

    @property
    def history(self) -> Path:
        """Every entry, one a line."""
        return self.folder / "history.jsonl"

    @property
    def state(self) -> Path:
        """What an exact resume needs."""
        return self.folder / "state.npz"

    @property
    def lock(self) -> Path:
        """Locked by the one process that writes; never deleted, or two could hold it."""
        return self.runs / f"run_{self.fingerprint}.lock"
