"""The file of machine code, and the integers that tell the loop what to do."""

import json
import lzma
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import jax
import pytest
from kernel_worlds import CASES, looped

from quantamm_cli.kernels import build, translation
from quantamm_cli.kernels.compile import assembled
from quantamm_cli.kernels.frictions import spec
from quantamm_cli.kernels.tasks import NAME, TASKS


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
            assert build._code("frictions") == b"machine code"
            assert build._code("frictions") == b"machine code"
            assert made.call_count == count


def test_each_python_has_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba translates the bytecode of the Python that runs it,
    and that differs from version to version.
    """
    digest = build.digest.__wrapped__
    here = digest()
    monkeypatch.setattr(sys, "version_info", (3, 99))
    assert digest() != here


def test_the_package_ships_a_translation_of_its_sources() -> None:
    """If it does not: run ``make kernels`` on x86-64 Linux, and commit the file."""
    stored = json.loads(lzma.decompress(translation.SHIPPED.read_bytes()))
    assert stored["made_from"] == translation.sources()
    assert stored["texts"].keys() == {NAME, *(f"{NAME}_{name}" for name in ("helper", *TASKS))}


TRANSLATE = """
import json
from quantamm_cli.kernels.translation import importing_numba

with importing_numba():
    from quantamm_cli.kernels import threads
functions = {"qsim_kernels": threads.handle, "qsim_kernels_helper": threads.helper}
texts = {name: each.inspect_llvm().replace(each.native_name, name)
         for name, each in functions.items()}
print(json.dumps(texts))
"""


def test_the_translation_is_what_numba_makes_now() -> None:
    """Up to the names that numba gives: the same machine code, hence the same numbers.

    Of two functions only: to translate all takes ten seconds.
    """
    shipped = translation.read(translation.SHIPPED)
    if shipped is None:
        pytest.skip("the translation is for another architecture")
    build.entry("frictionless")
    done = subprocess.run(
        [sys.executable, "-c", TRANSLATE], capture_output=True, text=True, check=True
    )
    texts = json.loads(done.stdout)
    assert len(texts) == 2
    for name, text in texts.items():
        first, second = (
            re.sub(r"_ZN\w+|numba[.\w]+", "", assembled(name, one, build.machine()))
            for one in (shipped[name], text)
        )
        assert first == second
        assert len(first) > 1000


@pytest.mark.parametrize("change", ["made_from", "target", "texts", "cut", "absent"])
def test_another_translation_is_not_used(change: str, tmp_path: Path) -> None:
    """Of other sources, for another architecture, or damaged: numba translates."""
    path = tmp_path / "translated.xz"
    translation.write(path, {"a": "b"})
    assert translation.read(path) == {"a": "b"}
    stored = json.loads(lzma.decompress(path.read_bytes()))
    content = lzma.compress(json.dumps(stored | {change: "another"}).encode())
    path.write_bytes(content[:40] if change == "cut" else content)
    if change == "absent":
        path.unlink()
    assert translation.read(path) is None
    with (
        mock.patch.object(translation, "SHIPPED", path),
        mock.patch.object(translation, "translated", return_value={"c": "d"}),
    ):
        assert translation.translation() == {"c": "d"}


def test_without_a_place_to_keep_it_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that is no folder is no failure."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "file"))
    with mock.patch.object(build, "_compiled", return_value=b"machine code"):
        assert build._code("frictions") == b"machine code"


def test_old_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful is kept, of 100 kB each."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    (tmp_path / "kernels").mkdir()
    for k in range(20):
        (tmp_path / "kernels" / f"code-{k}").write_bytes(bytes(100_000))
    with mock.patch.object(build, "_compiled", return_value=b"machine code"):
        build._code("frictions")
    assert len(list((tmp_path / "kernels").glob("code-*"))) == 11
    assert build._code("frictions") == b"machine code"


def test_single_precision_alone_is_refused() -> None:
    """With a clear error."""
    case = CASES["2"]
    with jax.enable_x64(False), pytest.raises(ValueError, match="jax_enable_x64"):
        looped(case, case.inputs)
