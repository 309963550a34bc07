"""Named arrays as ``.npz``, written atomically, without pickle; equal arrays give equal bytes."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic

_DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def write_arrays(path: str | Path, /, **arrays: ArrayLike) -> None:
    """Writes the arrays to ``path``, whose folder is created if needed.

    Raises StoreError; TypeError for objects and structured types.
    """
    atomic.make_folder(Path(path).parent)
    atomic.write_bytes(path, packed(arrays))


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz``.

    Raises StoreError if it is missing, damaged or would need pickle.
    """
    target = Path(path)
    with atomic.reporting_errors(target, "read"):
        data = target.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (*_DAMAGE, OSError, AttributeError, TypeError) as error:
        raise StoreError(
            str(target),
            f"was cut or altered ({_first_line(error)}); restore it from a copy, or run it again",
        ) from error


def packed(arrays: Mapping[str, ArrayLike]) -> bytes:
    """The bytes of an ``.npz``.

    Not ``np.savez``: that pickles objects and cannot hold an array named ``file``.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, value in arrays.items():
            array = np.asarray(value)
            if array.dtype.kind not in "biufcSU":
                raise TypeError(f"{name}: arrays of {array.dtype} cannot be stored")
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
