"""The file of machine code, and the layout that it relies on."""

import importlib.util
import re
from pathlib import Path
from unittest import mock

import jax
import pytest
from kernel_worlds import CASES, looped

from quantamm_cli.kernels import build, frame
from quantamm_cli.kernels.minutes import spec

HEADER = Path(importlib.util.find_spec("jaxlib").origin).parent / "include/xla/ffi/api/c_api.h"  # type: ignore[union-attr, arg-type]
WIDTHS = {"XLA_FFI_Args": 5, "XLA_FFI_Rets": 5, "XLA_FFI_Attrs": 6, "XLA_FFI_Api_Version": 3}
"""Words of the structures that others hold."""


def fields(name: str) -> dict[str, int]:
    """Where a structure of the header has its fields, in words; neighbours of 32 bits share one."""
    text = re.sub(r"//[^\n]*", "", HEADER.read_text())
    body = re.search(rf"struct {name} {{(.*?)\n}};", text, re.S) or re.search(rf"typedef struct {name} {{(.*?)\n}}", text, re.S)
    assert body is not None
    places, word, half = {}, 0, False
    for line in filter(None, (line.strip() for line in body[1].split(";"))):
        function = re.fullmatch(r"_XLA_FFI_API_STRUCT_FIELD\((\w+)\)", line)
        kind, field = ("pointer*", function[1]) if function else line.replace("const ", "").rsplit(maxsplit=1)
        if kind in ("int", "int32_t") and half:
            places[field], half = word - 1, False
            continue
        places[field], half = word, kind in ("int", "int32_t")
        word += WIDTHS.get(kind, 1)
    return places


@pytest.mark.skipif(not HEADER.exists(), reason="jaxlib comes without its headers")
def test_the_call_frame_is_that_of_the_header() -> None:
    """Every offset used, by the header of the jaxlib there is."""
    head = fields("XLA_FFI_CallFrame")
    places = (head["extension_start"], head["api"], head["ctx"], head["stage"], head["args"], head["rets"])
    assert places == (frame.EXTENSION, frame.API, frame.CONTEXT, frame.STAGE, frame.ARGUMENTS, frame.RESULTS)
    assert (fields("XLA_FFI_Args")["size"], fields("XLA_FFI_Args")["args"]) == (frame.COUNT, frame.ITEMS)
    assert (fields("XLA_FFI_Rets")["size"], fields("XLA_FFI_Rets")["rets"]) == (frame.COUNT, frame.ITEMS)
    buffer, api = fields("XLA_FFI_Buffer"), fields("XLA_FFI_Api")
    assert (buffer["data"], buffer["rank"], buffer["dims"]) == (frame.DATA, frame.RANK, frame.DIMS)
    used = (api["XLA_FFI_Error_Destroy"], api["XLA_FFI_ThreadPool_Schedule"], api["XLA_FFI_ThreadPool_NumThreads"])
    assert used == (frame.ERROR_DESTROY, frame.SCHEDULE, frame.THREADS)
    assert list(fields("XLA_FFI_ThreadPool_Schedule_Args")) == ["struct_size", "extension_start", "ctx", "task", "data"]
    assert list(fields("XLA_FFI_ThreadPool_NumThreads_Args")) == ["struct_size", "extension_start", "ctx", "num_threads"]
    assert list(fields("XLA_FFI_Error_Destroy_Args")) == ["struct_size", "extension_start", "error"]
    assert fields("XLA_FFI_Extension_Base")["type"] == frame.EXTENSION_TYPE
    assert fields("XLA_FFI_Metadata")["api_version"] + fields("XLA_FFI_Api_Version")["major_version"] == frame.METADATA_VERSION
    text = HEADER.read_text()
    for name, expected in (("API_MAJOR", 0), ("API_MINOR", 3)):
        assert re.search(rf"#define XLA_FFI_{name} {expected}\n", text)
    assert "XLA_FFI_ExecutionStage_EXECUTE = 3," in text
    assert "XLA_FFI_Extension_Metadata = 1," in text


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


def test_without_a_place_to_keep_it_it_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that is no folder is no failure."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "file"))
    with mock.patch.object(build, "_compiled", return_value=b"machine code"):
        assert build._code() == b"machine code"


def test_old_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful is kept."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    (tmp_path / "kernels").mkdir()
    for k in range(20):
        (tmp_path / "kernels" / f"code-{k}").write_bytes(b"old")
    with mock.patch.object(build, "_compiled", return_value=b"machine code"):
        build._code()
    assert len(list((tmp_path / "kernels").glob("code-*"))) <= 8
    assert build._code() == b"machine code"


def test_single_precision_alone_is_refused() -> None:
    """With a clear error."""
    case = CASES["2"]
    with jax.enable_x64(False), pytest.raises(ValueError, match="jax_enable_x64"):
        looped(case, case.inputs)
