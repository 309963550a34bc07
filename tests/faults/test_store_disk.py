"""F5, F6: a full, read-only or failing disk is one line, the last good state stays,
and the run goes on when it may.
"""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import store_worker as worker

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.store.runs import Store, Writer

pytestmark = pytest.mark.faults
LAST = 40


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the device: what is tried here is what the calls do, and no power fails."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_f6_every_system_call_of_a_save_refused_once(tmp_path: Path, number: int) -> None:
    """The error is told, what was saved stays, no temporary stays,
    and the same save then succeeds.
    """
    expected = worker.reference(tmp_path / "reference", 3)
    for at in range(100):
        folder = tmp_path / f"at{at}"
        tap = worker.Tap(at, worker.fail(number))
        with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
            worker.train(writer, 2, ends=False)
            told = refusal(writer, tap)
            if len(tap.seen) <= at:
                break
            assert told is not None, tap.seen[at]
            assert "\n" not in told
            assert atomic.reason(OSError(number, "")) in told
            assert str(folder) in told
            assert worker.temporaries(folder) == []
            assert Store(folder).load(worker.FINGERPRINT).step in (2, 3)
            assert Store(folder).verify() == []
            if at % 2:  # by the same process, or by the next one
                worker.go_on(writer)
        with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
            worker.train(writer, 3)
        assert worker.essence(folder) == expected, tap.seen[at]
    assert at >= 12


def refusal(writer: Writer, tap: worker.Tap) -> str | None:
    """What a save says whose calls are tapped; None if it succeeds."""
    try:
        with worker.tapped(tap):
            worker.go_on(writer)
    except StoreError as error:
        return str(error)
    return None


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_f6_a_folder_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Opening for writing is refused in one line; reading goes on."""
    folder = tmp_path / "runs"
    worker.reference(folder, 2)
    real = os.open

    def only_read(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(number, os.strerror(number))
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", only_read)
    with pytest.raises(StoreError) as caught:
        Store(folder).open(worker.SETTINGS)
    assert "cannot be locked: " + atomic.reason(OSError(number, "")) in str(caught.value)
    assert Store(folder).load(worker.FINGERPRINT).step == 2
    assert len(Store(folder).list()) == 1
    assert Store(folder).verify() == []


def mount(folder: Path, size: int, *more: str) -> bool:
    """A small disk at ``folder``; whether this machine allows it."""
    options = ",".join((f"size={size}k", *more))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that a small disk may be mounted on."""
    folder = tmp_path / "disk"
    folder.mkdir()
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, size: int, expected: bytes) -> bool:
    """Trains until the disk is full, looks, makes room, trains on; whether it was full at all."""
    if os.geteuid() != 0 or not mount(disk, size):
        pytest.skip("needs root and tmpfs mounts")
    folder, saved, told = disk / "runs", [-1], ""
    try:
        with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
            worker.train(writer, LAST, saved=saved.append)
    except StoreError as error:
        told = str(error)
    assert not told or ("the disk is full" in told and "\n" not in told)
    if saved[-1] >= 0:
        assert Store(folder).load(worker.FINGERPRINT).step >= saved[-1]
        assert Store(folder).verify() == []
    assert worker.temporaries(disk) == []
    assert mount(disk, 4096, "remount")
    with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
        assert (writer.status == "new") == (saved[-1] < 0)
        worker.train(writer, LAST)
    assert worker.essence(folder) == expected
    subprocess.run(["umount", str(disk)], check=True)
    return bool(told)


def fill_many(disk: Path, expected: bytes, sizes: list[int]) -> None:
    """Every size once; the smallest are too small for the run."""
    full = [fill(disk, size, expected) for size in sizes]
    assert full[0]
    assert sum(full) >= len(full) // 2


def test_f5_a_full_disk_keeps_the_last_good_state(disk: Path, tmp_path: Path) -> None:
    fill_many(disk, worker.reference(tmp_path / "reference", LAST), [8, 24, 36, 48, 80])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_f5_fifty_full_disks(disk: Path, tmp_path: Path) -> None:
    fill_many(disk, worker.reference(tmp_path / "reference", LAST), list(range(4, 104, 2)))
