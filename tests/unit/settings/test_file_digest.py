"""The digest of a file, remembered for as long as the file is as it was."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from quantamm_cli.settings import file_digest as module
from quantamm_cli.settings.file_digest import file_digest

FIRST, OTHER = b"unix,close\n0,1\n", b"unix,close\n0,2\n"


def sha256(content: bytes) -> str:
    """As 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is taken for settled at once, and an empty cache."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_SETTLED", -(10**18))
    path = tmp_path / "prices.csv"
    path.write_bytes(FIRST)
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are read."""
    names: list[str] = []
    real = hashlib.file_digest

    def counted(opened: Any, kind: str) -> Any:
        names.append(os.path.basename(opened.name))
        return real(opened, kind)

    monkeypatch.setattr(module.hashlib, "file_digest", counted)
    return names


def test_an_unchanged_file_is_read_once(
    file: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whichever path it is named."""
    assert file_digest(file) == sha256(FIRST)
    monkeypatch.chdir(file.parent)
    assert file_digest("prices.csv") == sha256(FIRST)
    assert reads == ["prices.csv"]


def test_a_change_is_seen(file: Path) -> None:
    """Of the content with the size and the time of before, in the file or of another file that
    takes its place.
    """
    before = file.stat()
    assert file_digest(file) == sha256(FIRST)
    file.write_bytes(OTHER)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file_digest(file) == sha256(OTHER)
    replaced = file.with_name("new.csv")
    replaced.write_bytes(FIRST)
    os.utime(replaced, ns=(before.st_atime_ns, before.st_mtime_ns))
    replaced.replace(file)
    assert file_digest(file) == sha256(FIRST)


def test_what_has_just_changed_is_not_remembered(
    file: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next change could have the same time."""
    monkeypatch.setattr(module, "_SETTLED", 10**18)
    assert [file_digest(file), file_digest(file)] == [sha256(FIRST)] * 2
    assert len(reads) == 2


@pytest.mark.parametrize("damage", [b"", b"\xff", b"another state " + b"0" * 64])
def test_a_damaged_memory_is_no_memory(file: Path, damage: bytes) -> None:
    """The file is read again."""
    assert file_digest(file) == sha256(FIRST)
    (entry,) = (file.parent / "cache" / "digests").glob("*.sha256")
    entry.write_bytes(damage)
    assert file_digest(file) == sha256(FIRST)


def test_a_missing_file_is_an_error(file: Path) -> None:
    """Also where its digest is remembered."""
    assert file_digest(file) == sha256(FIRST)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        file_digest(file)
