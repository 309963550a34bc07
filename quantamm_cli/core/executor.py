"""Which text of a computation a program is traced from: JAX's, which says what is meant and runs anywhere, or compiled code.

The choice is part of what JAX keeps programs by, so that one process can use both.
"""

from contextlib import AbstractContextManager
from typing import Literal

import jax

Executor = Literal["auto", "compiled", "scan"]

_CHOSEN = jax.make_user_context("auto")


def executor(name: Executor) -> AbstractContextManager[None]:
    """While it is open, programs are traced for this executor.

    Raises:
        ValueError: ``compiled`` where there is no compiled code: on an accelerator, or without double precision.
    """
    if name == "compiled" and not _possible():
        raise ValueError(f"compiled code runs on a CPU in double precision; this is {jax.default_backend()}")
    return _CHOSEN(name)  # type: ignore[no-any-return]


def compiled() -> bool:
    """Whether programs traced now call compiled code: where it can run, unless the scan was asked for."""
    return _CHOSEN.value != "scan" and _possible()


def double_precision() -> bool:
    """Whether JAX computes in double precision where asked to."""
    return bool(jax.dtypes.canonicalize_dtype(float).itemsize == 8)


def _possible() -> bool:
    return double_precision() and jax.default_backend() == "cpu"
