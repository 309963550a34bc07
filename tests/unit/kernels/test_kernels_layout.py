"""Canary of the foreign-function interface: XLA's structures are laid out as
compiled code reads them.

Where a test here fails, jaxlib and ``quantamm_cli/kernels/xla_ffi_layout.py`` differ, and no result
of compiled code is to be trusted with this jaxlib. The manual's page on kernels
(``quantamm_cli/docs/kernels.md``) says what to do.
"""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import jaxlib
import pytest

from quantamm_cli.kernels import xla_ffi_layout

HEADER = Path(jax.ffi.include_dir()) / "xla/ffi/api/c_api.h"
CHANGED = (
    f"jaxlib {jaxlib.__version__} differs from quantamm_cli/kernels/xla_ffi_layout.py; see "
    "quantamm_cli/docs/kernels.md"
)
OFFSETS = {
    "XLA_FFI_CallFrame": {
        "extension_start": xla_ffi_layout.EXTENSION,
        "api": xla_ffi_layout.API,
        "ctx": xla_ffi_layout.CONTEXT,
        "stage": xla_ffi_layout.STAGE,
        "args": xla_ffi_layout.ARGUMENTS,
        "rets": xla_ffi_layout.RESULTS,
    },
    "XLA_FFI_Args": {"size": xla_ffi_layout.COUNT, "args": xla_ffi_layout.ITEMS},
    "XLA_FFI_Rets": {"size": xla_ffi_layout.COUNT, "rets": xla_ffi_layout.ITEMS},
    "XLA_FFI_Buffer": {
        "data": xla_ffi_layout.DATA,
        "rank": xla_ffi_layout.RANK,
        "dims": xla_ffi_layout.DIMS,
    },
    "XLA_FFI_Extension_Base": {"type": xla_ffi_layout.EXTENSION_TYPE},
    "XLA_FFI_Metadata_Extension": {"metadata": xla_ffi_layout.EXTENSION_METADATA},
    "XLA_FFI_Metadata": {"api_version": xla_ffi_layout.METADATA_VERSION - 2},
    "XLA_FFI_Api_Version": {"major_version": 2, "minor_version": 2.5},
    "XLA_FFI_Api": {
        "XLA_FFI_Error_Destroy": xla_ffi_layout.ERROR_DESTROY,
        "XLA_FFI_ThreadPool_Schedule": xla_ffi_layout.SCHEDULE,
        "XLA_FFI_ThreadPool_NumThreads": xla_ffi_layout.THREADS,
    },
    "XLA_FFI_ThreadPool_NumThreads_Args": {"ctx": 2, "num_threads": 3, "": 4},
    "XLA_FFI_ThreadPool_Schedule_Args": {"ctx": 2, "task": 3, "data": 4, "": 5},
    "XLA_FFI_Error_Destroy_Args": {"error": 2, "": 3},
}
"""What is read or, of arguments of XLA's own functions, written, in words of eight bytes. ``""``:
how long the structure is.
"""
WIDTHS = {
    "XLA_FFI_Args": 5,
    "XLA_FFI_Rets": 5,
    "XLA_FFI_Attrs": 6,
    "XLA_FFI_Api_Version": 3,
    "XLA_FFI_Extension_Base": 3,
}
"""Words of the structures that others hold."""
CONSTANTS = {
    "XLA_FFI_API_MAJOR": xla_ffi_layout.API_VERSION & 0xFFFFFFFF,
    "XLA_FFI_ExecutionStage_EXECUTE =": xla_ffi_layout.EXECUTE,
    "XLA_FFI_Extension_Metadata =": xla_ffi_layout.METADATA,
}
of_header = pytest.mark.skipif(not HEADER.exists(), reason="jaxlib comes without its headers")


def header() -> str:
    """The header's text, with the name that jaxlib 0.10 has for what 0.12 calls otherwise."""
    return HEADER.read_text().replace("XLA_FFI_InternalExtension", "XLA_FFI_Extension_Base")


def layout(name: str) -> dict[str, float]:
    """Where a structure of the header has its members, and ``""``: its length.

    Two neighbours of 32 bits share a word.
    """
    text = re.sub(r"//[^\n]*", "", header())
    body = re.search(rf"struct {name} {{(.*?)\n}}", text, re.DOTALL)
    assert body is not None, f"there is no {name}. {CHANGED}"
    places: dict[str, float] = {}
    end: float = 0
    for line in filter(None, map(str.strip, body[1].split(";"))):
        function = re.fullmatch(r"_XLA_FFI_API_STRUCT_FIELD\((\w+)\)", line)
        kind, member = (
            ("void*", function[1]) if function else line.replace("const ", "").rsplit(maxsplit=1)
        )
        width = 0.5 if kind in ("int", "int32_t") else WIDTHS.get(kind, 1)
        begin = end if width == 0.5 else math.ceil(end)
        places[member], end = begin, begin + width
    return places | {"": math.ceil(end)}


@of_header
@pytest.mark.parametrize("name", OFFSETS)
def test_offsets_are_those_of_the_header(name: str) -> None:
    expected, places = OFFSETS[name], layout(name)
    assert {member: places.get(member, "gone") for member in expected} == expected, (
        f"{name}. {CHANGED}"
    )


@of_header
@pytest.mark.parametrize("name", WIDTHS)
def test_widths_are_those_of_the_header(name: str) -> None:
    assert layout(name)[""] == WIDTHS[name], f"{name}. {CHANGED}"


def constant(name: str) -> int:
    found = re.search(rf"\b{name} (\d+)", header())
    assert found is not None, f"there is no {name}. {CHANGED}"
    return int(found[1])


@of_header
@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_those_of_the_header(name: str) -> None:
    assert constant(name) == CONSTANTS[name], f"{name}. {CHANGED}"


@of_header
def test_the_version_is_one_that_xla_serves() -> None:
    """A later minor version only adds to it."""
    assert constant("XLA_FFI_API_MINOR") >= xla_ffi_layout.API_VERSION >> 32, CHANGED


def test_xla_hands_over_what_the_offsets_say(root: Path) -> None:
    """Whatever the header says: a call of this jaxlib, read at the offsets at
    which compiled code reads it.
    """
    probe = Path(__file__).with_name("layout_probe.py")
    env = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, probe], capture_output=True, text=True, timeout=60, env=env
    )
    assert done.returncode == 0, f"the probe ended with {done.returncode}. {CHANGED}\n{done.stderr}"
    found = json.loads(done.stdout)
    assert found.pop("threads") > 0, CHANGED
    assert found == {
        "operands": 2,
        "results": 1,
        "shapes": [[2, 3], [5], [2, 3]],
        "doubled": [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]],
    }, CHANGED
