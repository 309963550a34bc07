"""The cache only saves time: whatever happens to it, the prices are the same."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantamm_cli.market import files
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")  # row 0 of the files that the fixture write makes
Write = Callable[..., Path]


def read(folder: Path) -> list[float]:
    """A reading that remembers nothing of earlier ones in this process."""
    files._cleaned.cache_clear()
    return [float(price) for price in Parquet(dir=str(folder)).read("BTC", DAY0, DAY0 + 4).closes]


def entries(folder: Path) -> list[Path]:
    return list((folder / "cache" / "prices").iterdir())


@pytest.fixture
def folder(write: Write, tmp_path: Path) -> Path:
    write("parquet", [1.0, 2.0, 3.0], minutes=[0, 1, 3])
    return tmp_path


def test_a_second_reading_comes_from_the_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(folder) == [1, 2, 2, 3]
    assert len(entries(folder)) == 1
    monkeypatch.setattr(files, "_clean", lambda *_: pytest.fail("the file was cleaned again"))
    assert read(folder) == [1, 2, 2, 3]


def test_damaged_entries_are_made_again(folder: Path) -> None:
    read(folder)
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    flipped = bytearray(whole)
    flipped[-3] ^= 1
    for damage in (b"", whole[:50], whole[:-1], bytes(flipped), b"\x80\x04" + whole):
        entry.write_bytes(damage)
        assert read(folder) == [1, 2, 2, 3]
        assert entry.read_bytes() == whole


def test_an_entry_of_pickled_objects_is_not_opened(folder: Path) -> None:
    read(folder)
    (entry,) = entries(folder)
    with entry.open("wb") as file:
        np.save(file, np.array([object()]), allow_pickle=True)
    assert read(folder) == [1, 2, 2, 3]


def test_a_cache_that_cannot_be_written_is_tolerated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("QSIM_CACHE", str(folder / "file"))
    assert read(folder) == [1, 2, 2, 3]
    monkeypatch.setenv("QSIM_CACHE", str(folder / "cache"))
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(PermissionError()))
    assert read(folder) == [1, 2, 2, 3]
    assert entries(folder) == []
