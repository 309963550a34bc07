"""The files of competitions: batches of seeds, their scores, and receipts.

runs/compete_<sha256>/batches/SEED-SEED.npz   per-seed results, named by the first and last seed
runs/compete_<sha256>/scores.json             the last result of the command
runs/compete_<sha256>/seeds.parquet           its seeds, a row for each strategy
runs/compete_<sha256>/receipt.json            all that another machine needs to check them
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.competition.documents import Columns, Receipt, Scores
from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import read_object, with_digest
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.receipts import source_name, write_receipt
from quantamm_cli.store.result_folder import ResultFolder, write_if_changed
from quantamm_cli.store.tables import write_table
from quantamm_cli.store.trajectory import read_arrays, write_arrays

SEEDS_DIGEST = "seeds_sha256"
"""The key of the digest of ``seeds.parquet`` in ``scores.json``."""
_AGAIN = "run qsim compete with the same settings to write it again"
_BATCH = re.compile(r"(\d+)-(\d+)\.npz")


@dataclass(frozen=True)
class CompetitionPlace(ResultFolder):
    """The files of one competition in a runs folder."""

    prefix = "compete"
    noun = "competition"
    outcomes = ("scores.json", "seeds.parquet", "receipt.json")

    @property
    def batches(self) -> Path:
        """Per-seed results; a resume needs nothing else."""
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
        """The receipt, which ``qsim compete --verify`` checks."""
        return self.folder / "receipt.json"

    def write_batch(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes a batch: arrays whose rows are ``seeds`` (s,), ascending. Raises StoreError."""
        first, last = int(arrays["seeds"][0]), int(arrays["seeds"][-1])
        write_arrays(self.batches / f"{first:09d}-{last:09d}.npz", **arrays)

    def read_batches(self) -> list[dict[str, np.ndarray]]:
        """Every batch, in order of its first seed. Raises StoreError for a damaged one."""
        if not self.batches.is_dir():
            return []
        atomic.sweep(self.batches)
        return list(map(read_batch, self.batch_files()))

    def batch_files(self) -> list[Path]:
        """The files of the batches, in order of their first seed.

        Raises StoreError if the folder cannot be read.
        """
        with atomic.reporting_errors(self.batches, "read"):
            if not self.batches.is_dir():
                return []
            return sorted(path for path in self.batches.iterdir() if _BATCH.fullmatch(path.name))

    def read_scores(self) -> Scores:
        """The last result of the command. Raises StoreError if it is missing or damaged."""
        if not self.scores.exists():
            raise StoreError(
                str(self.folder),
                f"has no {self.scores.name} yet; run qsim compete with the same settings to "
                "write it",
            )
        document: Any = read_object(self.scores, _AGAIN)
        rows = document.get("standings", document.get("points"))
        if document.get("fingerprint") != self.fingerprint or not isinstance(rows, list):
            raise StoreError(str(self.scores), f"is not of this competition; {_AGAIN}")
        scores: Scores = document
        return scores

    def keep_source(self, path: Path, digest: str) -> None:
        """Copies a user's file, so that the receipt can be checked after the file changes.

        Raises StoreError.
        """
        copy = self.folder / "sources" / source_name(path, digest)
        with atomic.reporting_errors(path, "read"):
            data = path.read_bytes()
        if not copy.exists() and hashlib.sha256(data).hexdigest() == digest:
            atomic.make_folder(copy.parent)
            atomic.write_bytes(copy, data)

    def write(self, scores: Scores, columns: Columns, receipt: Receipt) -> dict[str, str]:
        """Writes all three files, each atomically; returns their paths by kind.

        Raises StoreError.
        """
        written = self.write_sweep(scores, columns)
        write_receipt(self.receipt, receipt)
        return written | {"receipt": str(self.receipt)}

    def write_sweep(self, scores: Scores, columns: Columns) -> dict[str, str]:
        """``write`` for a sweep of parameters, which has no receipt."""
        digest = {SEEDS_DIGEST: write_table(self.table, columns)}
        write_if_changed(self.scores, render(with_digest(finite(dict(scores) | digest))) + "\n")
        return {"scores": str(self.scores), "seeds": str(self.table)}


def read_batch(path: Path) -> dict[str, np.ndarray]:
    """The arrays of one batch. Raises StoreError for a damaged one."""
    try:
        return read_arrays(path)
    except StoreError as failure:
        problem = failure.message.partition(";")[0]
        raise StoreError(
            failure.where,
            f"{problem}; delete it, and run the same command to simulate its seeds again",
        ) from failure
