"""Caches are bounded, shared by processes, and fail nobody."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from quantamm_cli.settings.cache import Cache, cache_folder

CACHE = Cache("some", "*.bin", most_bytes=250)
WRITER = """
import sys
from quantamm_cli.settings.cache import Cache

cache = Cache("some", "*.bin", most_bytes=25_000)
for count in range(150):
    entry = f"{count % 4}.bin"
    content = cache.get(entry, lambda file: file.read())
    assert content is None or content == content[:1] * 10_000, len(content)
    part = sys.argv[1].encode() * 2500
    assert cache.keep(entry, lambda file: [file.write(part) for _ in range(4)])
"""
MAKER = """
import sys, time
from pathlib import Path
from quantamm_cli.settings.cache import Cache

cache, log = Cache("some", "*.bin"), Path(sys.argv[1])
with cache.alone():
    if cache.get("one.bin", lambda file: file.read()) is None:
        log.open("a").write("made ")
        time.sleep(0.2)
        cache.keep("one.bin", lambda file: file.write(b"content"))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the entries will be."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    return tmp_path / "some"


def put(path: Path, age: float, size: int = 100) -> Path:
    """A file last used ``age`` seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - age,) * 2)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def keep(entry: str, content: bytes = bytes(50)) -> Path | None:
    return CACHE.keep(entry, lambda file: file.write(content))


def get(entry: str) -> bytes | None:
    return CACHE.get(entry, lambda file: file.read())


def both(script: str, *words: str) -> None:
    """Two processes run a script at the same time, each with a word of its own."""
    processes = [subprocess.Popen([sys.executable, "-c", script, word]) for word in words]
    assert [process.wait(60) for process in processes] == [0, 0]


def test_the_environment_or_the_platform_says_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``QSIM_CACHE``, then ``XDG_CACHE_HOME`` on Linux."""
    assert cache_folder() == tmp_path
    monkeypatch.delenv("QSIM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder().name == "qsim"
    monkeypatch.setenv("QSIM_CACHE", "~nobody_of_this_name/cache")
    assert (get("a.bin"), keep("a.bin"), CACHE.claim("a.bin")) == (None, None, None)


def test_the_entries_unused_longest_go_first(folder: Path) -> None:
    """Until the bound holds; other files, and drafts that may be in work, are left alone."""
    for age, name in ((300, "old.bin"), (100, "new.bin"), (200, "middle.bin")):
        put(folder / name, age)
    put(folder / "notes.txt", 400)
    put(folder / ".left.part", 7200)
    put(folder / ".busy.part", 10)
    keep("newest.bin")
    assert names(folder) == {"newest.bin", "new.bin", "middle.bin", "notes.txt", ".busy.part"}


def test_a_use_counts(folder: Path) -> None:
    """What was read stays, what was written before it goes."""
    put(folder / "old.bin", 300), put(folder / "new.bin", 100)
    assert get("old.bin") == bytes(100)
    keep("newest.bin", bytes(100))
    assert names(folder) == {"old.bin", "newest.bin"}


def test_the_newest_stays_however_large(folder: Path) -> None:
    put(folder / "old.bin", 300)
    keep("large.bin", bytes(1000))
    assert names(folder) == {"large.bin"}


@pytest.mark.parametrize("bound", [{"most_bytes": 250}, {"most_age": 150.0}], ids=str)
def test_folders_are_entries_too(folder: Path, bound: dict[str, float]) -> None:
    """With all that is in them; the claimed one is there to be filled."""
    for age, name in ((300, "old"), (100, "new")):
        put(folder / name / "deep" / "file", 500, size=200)
        os.utime(folder / name, (time.time() - age,) * 2)
    claimed = Cache("some", "*", **bound).claim("mine")
    assert claimed == folder / "mine"
    assert names(folder) == {"mine", "new"}


def test_a_damaged_entry_is_not_there(folder: Path) -> None:
    """Whatever the reader raises; it can be written again."""

    def read(file: BinaryIO) -> bytes | None:
        content = file.read()
        if content == b"bad":
            raise ZeroDivisionError
        return content if content == b"good" else None

    for damage in (b"bad", b""):
        keep("a.bin", damage)
        os.utime(folder / "a.bin", (0, 0))
        assert CACHE.get("a.bin", read) is None
        assert os.stat(folder / "a.bin").st_mtime == 0, "it was not used"
        keep("a.bin", b"good")
        assert CACHE.get("a.bin", read) == b"good"


def test_a_place_that_is_no_folder_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "file"))
    with CACHE.alone():
        assert (get("a.bin"), keep("a.bin"), CACHE.claim("a.bin")) == (None, None, None)


def test_a_full_disk_leaves_nothing_behind(folder: Path) -> None:
    """Neither a part of an entry nor a draft; what was there before stays."""
    keep("a.bin", b"before")

    def full(file: BinaryIO) -> None:
        file.write(b"part")
        raise OSError(errno.ENOSPC, "No space left on device")

    assert CACHE.keep("a.bin", full) is None
    assert (names(folder), get("a.bin")) == ({"a.bin"}, b"before")


def test_a_folder_that_is_full_cannot_be_claimed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert CACHE.claim("a.bin") is None


def test_a_colleague_can_read_an_entry(folder: Path) -> None:
    """As the user's mask says."""
    before = os.umask(0o022)
    try:
        path = keep("a.bin")
    finally:
        os.umask(before)
    assert path is not None and path.stat().st_mode & 0o777 == 0o644


def test_two_processes_share_a_folder(folder: Path) -> None:
    """Entries are whole whenever they are read; the bound holds at the end."""
    both(WRITER, "a", "b")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 25_000
    assert len(names(folder)) == 2


def test_one_process_makes_what_another_waits_for(tmp_path: Path) -> None:
    both(MAKER, *[str(tmp_path / "log")] * 2)
    assert (tmp_path / "log").read_text() == "made "
