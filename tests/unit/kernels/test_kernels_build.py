"""The file of machine code, and the integers that tell the loop what to do."""

import sys
from pathlib import Path
from unittest import mock

import jax
import pytest
from kernel_worlds import CASES, looped

from quantamm_cli.kernels import build
from quantamm_cli.kernels.frictions import spec


def test_the_spec_is_named_once() -> None:
    """The positions are those of the names."""
    assert [spec.FIELDS[getattr(spec, name.upper())] for name in spec.FIELDS] == list(spec.FIELDS)


def test_a_damaged_file_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut short or altered is not loaded; what is whole is not made again."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    with mock.patch.object(build, "_compiled", return_value=b"machine code") as made:
        for count, damage in enumerate([None, b"", b"short", b"\0" * 80], 1):
            if damage is not None:
                next((tmp_path / "kernels").glob("code-*")).write_bytes(damage)
            assert build._code() == b"machine code"
            assert build._code() == b"machine code"
            assert made.call_count == count


def test_each_python_has_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba translates the bytecode of the Python that runs it,
    and that differs from version to version.
    """
    digest = build.digest.__wrapped__
    here = digest()
    monkeypatch.setattr(sys, "version_info", (3, 99))
    assert digest() != here


def test_without_a_place_to_keep_it_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that is no folder is no failure."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "file"))
    with mock.patch.object(build, "_compiled", return_value=b"machine code"):
        assert build._code() == b"machine code"


def test_old_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful is kept, of 100 kB each."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    (tmp_path / "kernels").mkdir()
    for k in range(20):
        (tmp_path / "kernels" / f"code-{k}").write_bytes(bytes(100_000))
    with mock.patch.object(build, "_compiled", return_value=b"machine code"):
        build._code()
    assert len(list((tmp_path / "kernels").glob("code-*"))) == 11
    assert build._code() == b"machine code"


def test_single_precision_alone_is_refused() -> None:
    """With a clear error."""
    case = CASES["2"]
    with jax.enable_x64(False), pytest.raises(ValueError, match="jax_enable_x64"):
        looped(case, case.inputs)
