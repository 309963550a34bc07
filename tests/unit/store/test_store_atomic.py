"""A file is whole or as it was; the disk's refusals are one line; temporaries do not stay."""

import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.store.trajectory import read_arrays, write_arrays


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.yaml"
    atomic.write_text(target, "old: ü\n")
    atomic.write_text(str(target), "new\n")
    assert target.read_text("utf-8") == "new\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_a_file_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write_text(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT]
)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_refusal_is_one_line_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    target = tmp_path / "a.json"
    atomic.write_text(target, "old")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(StoreError) as caught:
            atomic.write_text(target, "new")
    assert str(target) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert atomic.reason(OSError(number, "")) in str(caught.value)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        atomic.write_text(tmp_path / "none" / "a", "x")


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:3]))
    atomic.write_bytes(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_only_abandoned_temporaries_are_swept(tmp_path: Path) -> None:
    here, dead, mine = atomic.host(), 2**22 + 1, os.getpid()
    names = {
        "dead": f".a.json.{here}.{dead}.0.tmp",
        "living": f".a.json.{here}.{mine}.0.tmp",
        "elsewhere": f".a.json.other-host.{dead}.0.tmp",
        "old": f".a.json.other-host.{dead}.1.tmp",
        "own": f".b.json.other-host.{mine}.0.tmp",
        "not ours": ".a.json.tmp",
    }
    for name in names.values():
        (tmp_path / name).write_text("x")
    os.utime(tmp_path / names["old"], (time.time() - 1e6,) * 2)
    atomic.sweep(tmp_path, ("b.json",))
    left = {what for what, name in names.items() if (tmp_path / name).exists()}
    assert left == {"living", "elsewhere", "not ours"}
    atomic.sweep(tmp_path / "none")


def test_arrays_come_back_and_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    arrays = {
        "file": np.arange(6.0).reshape(2, 3).T,
        "opt/0/mu": np.float32([1, np.nan]),
        "unix": np.arange(3),
        "s": np.asarray("x"),
    }
    write_arrays(tmp_path / "new" / "a.npz", **arrays)
    write_arrays(tmp_path / "b.npz", **arrays)
    back = read_arrays(tmp_path / "new" / "a.npz")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype
    assert (tmp_path / "new" / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_no_pickle_goes_in_or_comes_out(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        write_arrays(tmp_path / "a.npz", a=np.array([object()]))
    np.savez(tmp_path / "b.npz", a=np.array([{}], dtype=object))
    with pytest.raises(StoreError, match="was cut or altered"):
        read_arrays(tmp_path / "b.npz")


def test_damaged_arrays_are_named(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", a=np.arange(9))
    data = (tmp_path / "a.npz").read_bytes()
    for cut in range(0, len(data), 7):
        (tmp_path / "a.npz").write_bytes(data[:cut])
        with pytest.raises(StoreError, match=r"a\.npz: was cut or altered"):
            read_arrays(tmp_path / "a.npz")
    with pytest.raises(StoreError, match="cannot be read: No such file"):
        read_arrays(tmp_path / "none.npz")
