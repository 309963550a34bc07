"""Which text of a computation a program is traced from: JAX's, which says what is meant and runs anywhere, or compiled code.

The choice is part of what JAX keeps programs by, so that one process can use both.
"""

from contextlib import AbstractContextManager, nullcontext

import jax

from quantamm_cli.settings.types import Executor

_CHOSEN = jax.make_user_context("auto")


def executor(name: Executor) -> AbstractContextManager[None]:
    """While it is open, programs are traced for this executor; ``auto`` leaves the choice as it was, at first to the device."""
    if name == "auto":
        return nullcontext()
    return _CHOSEN(name)  # type: ignore[no-any-return]


def compiled() -> bool:
    """Whether programs traced now call compiled code: where it can run, unless the scan was asked for."""
    return _CHOSEN.value != "scan" and possible()


def double_precision() -> bool:
    """Whether JAX computes in double precision where asked to."""
    return bool(jax.dtypes.canonicalize_dtype(float).itemsize == 8)


def possible() -> bool:
    """Whether there is compiled code: on a CPU, in double precision."""
    return double_precision() and jax.default_backend() == "cpu"
