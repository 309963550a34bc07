"""Batches, receipts and sources of competitions: whole or not at all,
and refused by name when they are not.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.lock import BusyError
from quantamm_cli.store.receipts import find_receipts, find_source, read_receipt, write_receipt

RECEIPT: dict[str, Any] = {
    "settings": {"steps": 5},
    "seeds": {"first": 0, "count": 2},
    "edges": {"one": [0.1, float("nan")]},
}


def batch(first: int, last: int) -> dict[str, Any]:
    seeds = np.arange(first, last + 1)
    return {"seeds": seeds, "edge": seeds * 1.5}


def test_batches_come_back_in_order_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    """Each as it was written; what was cut is refused with what to do."""
    place = CompetitionPlace(tmp_path, "a" * 64)
    with place.held(False):
        place.write_batch(batch(500, 520))
        place.write_batch(batch(0, 499))
        assert [part["seeds"][0] for part in place.read_batches()] == [0, 500]
        assert place.read_batches()[1]["edge"].tolist() == (np.arange(500, 521) * 1.5).tolist()
        path = place.batches / "000000000-000000499.npz"
        path.write_bytes(path.read_bytes()[:-300])
        with pytest.raises(
            StoreError, match="delete it, and run the same command to simulate its seeds again"
        ):
            place.read_batches()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second one hears who holds it; --fresh keeps what was there beside."""
    place = CompetitionPlace(tmp_path, "a" * 64)
    with (
        place.held(False),
        pytest.raises(BusyError, match="is writing this competition"),
        place.held(False),
    ):
        pass
    with place.held(False):
        place.write_batch(batch(0, 1))
    with place.held(True):
        assert place.read_batches() == []
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2


def test_a_receipt_that_was_altered_is_refused(tmp_path: Path) -> None:
    """Any number in it is covered by its digest; other JSON is no receipt;
    a folder stands for its receipt.
    """
    path = tmp_path / "receipt.json"
    write_receipt(path, RECEIPT)
    assert read_receipt(tmp_path)["edges"] == {"one": [0.1, None]}
    path.write_text(path.read_text().replace("0.1", "0.2"))
    with pytest.raises(StoreError, match="was cut or altered"):
        read_receipt(path)
    path.write_text(json.dumps([1]))
    with pytest.raises(StoreError, match="is not a receipt"):
        read_receipt(path)
    with pytest.raises(StoreError, match="cannot be read"):
        read_receipt(tmp_path / "nowhere.json")


def test_a_folder_stands_for_the_receipts_in_it(tmp_path: Path) -> None:
    """Not for those that --fresh has set aside; a folder without one is an error."""
    with pytest.raises(StoreError, match="this folder has no receipt"):
        find_receipts([tmp_path])
    for name in ("compete_b", "compete_a", "compete_a.20260101T000000Z"):
        (tmp_path / name).mkdir()
        write_receipt(tmp_path / name / "receipt.json", RECEIPT)
    assert [path.parent.name for path in find_receipts([tmp_path])] == ["compete_a", "compete_b"]


def test_a_source_is_found_by_its_content(tmp_path: Path) -> None:
    """Where it was or beside the receipt; a changed file is not the one that was run."""
    place, mine = CompetitionPlace(tmp_path, "a" * 64), tmp_path / "mine.py"
    mine.write_text("one")
    digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    place.keep_source(mine, digest)
    assert find_source(place.receipt, str(mine), digest) == mine
    mine.write_text("two")
    assert find_source(place.receipt, str(mine), digest).read_text() == "one"
    with pytest.raises(StoreError, match="was changed since"):
        find_source(tmp_path / "receipt.json", str(mine), digest)
