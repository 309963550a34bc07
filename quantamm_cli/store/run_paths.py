"""The paths of the files of a run."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from quantamm_cli.errors import StoreError

FINGERPRINT = re.compile(r"[0-9a-f]{64}")
BESIDE = r"(?:\+([0-9a-f]{12}))?"
"""What the name of a result on other data has behind its fingerprint."""
CHECKPOINT = re.compile(rf"run_([0-9a-f]{{64}}){BESIDE}\.json")


def result_name(kind: str, fingerprint: str, beside: str = "") -> str:
    """The name of a result in a runs folder."""
    return f"{kind}_{fingerprint}" + f"+{beside}" * bool(beside)


@dataclass(frozen=True)
class Place:
    """The files of the run ``fingerprint`` in a runs folder. Raises StoreError unless the
    fingerprint has 64 lower-case hex digits.

    ``beside``: 12 digits of the digest of its data, if the plain name has other data.
    """

    runs: Path
    fingerprint: str
    beside: str = ""

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
        name = CHECKPOINT.fullmatch(checkpoint.name)
        if not name:
            raise StoreError(
                str(checkpoint),
                "is not named run_<64 hex digits>.json; if it was renamed, rename it back",
            )
        return cls(checkpoint.parent, name[1], name[2] or "")

    @property
    def name(self) -> str:
        """``run_<sha256>``, with ``+`` and 12 digits if it lies beside a run on other data."""
        return result_name("run", self.fingerprint, self.beside)

    @property
    def checkpoint(self) -> Path:
        """The checkpoint, a JSON document."""
        return self.runs / f"{self.name}.json"

    @property
    def folder(self) -> Path:
        """The folder of the run's other files.

        Raises StoreError if it is a symbolic link.
        """
        folder = self.runs / self.name
        if folder.is_symlink():
            raise StoreError(
                str(folder), "is a symbolic link; a run's folder must lie in the runs folder itself"
            )
        return folder

    @property
    def history(self) -> Path:
        """Every entry, one to a line."""
        return self.folder / "history.jsonl"

    @property
    def state(self) -> Path:
        """The arrays that an exact resume needs."""
        return self.folder / "state.npz"

    @property
    def lock(self) -> Path:
        """The lock of the one process that writes; never deleted, or two could hold it."""
        return self.runs / f"{self.name}.lock"
