"""What numba keeps on disk: nothing that happens to it fails a command."""

import ast
import importlib.util
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


def test_what_is_compiled_imports_nothing_that_is_not() -> None:
    """So that the digest of these files names their machine code."""
    files = compiled.sources()
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("quantamm_cli"):
                spec = importlib.util.find_spec(node.module or "")
                assert spec is not None and spec.origin is not None
                home = Path(spec.origin)
                assert home in files or home.name == "compiled.py", f"{path} imports {node.module}"


def test_a_market_that_is_not_compiled_voids_no_machine_code() -> None:
    assert not [path for path in compiled.sources() if "kinds" in path.parts]
