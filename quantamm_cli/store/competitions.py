"""Where competitions are kept: batches of seeds, whole or not at all; what they come to; receipts.

runs/compete_<sha256>/batches/SEED-SEED.npz   per-seed results, the first and the last seed of each
runs/compete_<sha256>/scores.json             what the command last said of them
runs/compete_<sha256>/seeds.parquet           the same seeds, a row for each entrant
runs/compete_<sha256>/receipt.json            what another machine needs to check them
"""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.competition.documents import Columns, Receipt, Scores
from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import proven, read_object
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.receipts import source_name, write_receipt
from quantamm_cli.store.result_folder import ResultFolder, write_if_changed
from quantamm_cli.store.trajectory import read_arrays, write_arrays

SEEDS_DIGEST = "seeds_sha256"
"""Where ``scores.json`` says which ``seeds.parquet`` belongs to it."""
_BATCH = re.compile(r"(\d+)-(\d+)\.npz")


@dataclass(frozen=True)
class CompetitionPlace(ResultFolder):
    """The files of one competition in a runs folder."""

    prefix = "compete"
    noun = "competition"
    outcomes = ("scores.json", "seeds.parquet", "receipt.json")

    @property
    def batches(self) -> Path:
        """Per-seed results; all that going on needs."""
        return self.folder / "batches"

    @property
    def scores(self) -> Path:
        """The table, for programs."""
        return self.folder / "scores.json"

    @property
    def table(self) -> Path:
        """Per-seed numbers, for data frames."""
        return self.folder / "seeds.parquet"

    @property
    def receipt(self) -> Path:
        """What ``qsim compete --verify`` runs again."""
        return self.folder / "receipt.json"

    def keep(self, arrays: Mapping[str, np.ndarray]) -> None:
        """One batch: arrays whose rows are ``seeds`` (s,), ascending. Raises StoreError."""
        first, last = (int(arrays["seeds"][place]) for place in (0, -1))
        write_arrays(self.batches / f"{first:09d}-{last:09d}.npz", **arrays)

    def kept(self) -> list[dict[str, np.ndarray]]:
        """Every batch, by its first seed. Raises StoreError for a damaged one."""
        if not self.batches.is_dir():
            return []
        atomic.sweep(self.batches)
        return [read_batch(path) for path in self.kept_files()]

    def kept_files(self) -> list[Path]:
        """The files of the batches, by their first seed.

        Raises StoreError if the folder cannot be read.
        """
        with atomic.telling(self.batches, "read"):
            return (
                sorted(path for path in self.batches.iterdir() if _BATCH.fullmatch(path.name))
                if self.batches.is_dir()
                else []
            )

    def read_scores(self) -> Scores:
        """What the command last said of them. Raises StoreError if it is not there, or damaged."""
        if not self.scores.exists():
            raise StoreError(
                str(self.folder),
                f"holds no {self.scores.name} yet; qsim compete with the same words writes it",
            )
        found: Any = read_object(self.scores, "qsim compete with the same words writes it again")
        if found.get("fingerprint") != self.fingerprint or not isinstance(
            found.get("standings", found.get("points")), list
        ):
            raise StoreError(
                str(self.scores),
                "is not of this competition; qsim compete with the same words writes it again",
            )
        scores: Scores = found
        return scores

    def keep_source(self, path: Path, digest: str) -> None:
        """A copy of a user's file, so that the receipt can be checked when the file has moved on.

        Raises StoreError.
        """
        copy = self.folder / "sources" / source_name(path, digest)
        with atomic.telling(path, "read"):
            data = path.read_bytes()
        if not copy.exists() and hashlib.sha256(data).hexdigest() == digest:
            atomic.make_folder(copy.parent)
            atomic.write_bytes(copy, data)

    def write(self, scores: Scores, columns: Columns, receipt: Receipt) -> dict[str, str]:
        """All three files, each whole or not at all; the paths by what they are.

        Raises StoreError.
        """
        written = self.write_sweep(scores, columns)
        write_receipt(self.receipt, receipt)
        return written | {"receipt": str(self.receipt)}

    def write_sweep(self, scores: Scores, columns: Columns) -> dict[str, str]:
        """The same of parameter points, which have no receipt."""
        digest = {SEEDS_DIGEST: write_table(self.table, columns)}
        write_if_changed(self.scores, render(proven(finite(dict(scores) | digest))) + "\n")
        return {"scores": str(self.scores), "seeds": str(self.table)}


def write_table(path: Path, columns: Columns) -> str:
    """Named columns of one length as parquet; the SHA-256 of the file. Raises StoreError."""
    import polars

    buffer = io.BytesIO()
    polars.DataFrame(dict(columns)).write_parquet(buffer)
    atomic.write_bytes(path, buffer.getbuffer())
    return hashlib.sha256(buffer.getbuffer()).hexdigest()


def read_batch(path: Path) -> dict[str, np.ndarray]:
    """The arrays of one batch. Raises StoreError for a damaged one."""
    try:
        return read_arrays(path)
    except StoreError as failure:
        told = (
            f"{failure.message.partition(';')[0]}; delete it, and the same command "
            "makes these seeds again"
        )
        raise StoreError(failure.where, told) from failure
