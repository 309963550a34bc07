"""What numba keeps on disk: nothing that happens to it fails a command."""

from pathlib import Path
from unittest import mock

import pytest
from numba.core.caching import IndexDataCacheFile

from quantamm_cli.random import compiled


def twice(x: int) -> int:
    return 2 * x


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is kept."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    monkeypatch.setattr(compiled, "_folder", compiled._folder.__wrapped__)
    return tmp_path / "streams" / compiled.digest()


def test_the_next_process_loads_it_and_mends_what_is_damaged(folder: Path) -> None:
    """Numba itself raises for an index that was cut short."""
    assert compiled.jit(twice)(4) == 8
    (index,) = folder.rglob("*.nbi")
    (data,) = folder.rglob("*.nbc")
    for file, damage in ((index, b""), (data, b"\x80"), (index, b"\x80\x05")):
        file.write_bytes(damage)
        for loaded in (False, True):
            function = compiled.jit(twice)
            assert function(4) == 8
            assert bool(function.stats.cache_hits) == loaded


def test_a_full_disk_costs_nothing_but_time(folder: Path) -> None:
    with mock.patch.object(IndexDataCacheFile, "save", side_effect=OSError(28, "full")) as save:
        assert compiled.jit(twice)(4) == 8
    save.assert_called_once()


def test_without_a_place_it_is_compiled(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "streams").touch()
    assert compiled.jit(twice)(4) == 8
