"""Which text of a computation a program is traced from: JAX's, which says what is meant and runs
anywhere, or compiled code.

The choice is part of what JAX keeps programs by, so that one process can use both.
"""

import logging
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import jax

from quantamm_cli.kernels.jax_ops import double_precision
from quantamm_cli.settings.types import Executor

_CHOSEN = jax.make_user_context("auto")


def executor(name: Executor) -> AbstractContextManager[None]:
    """While it is open, programs are traced for this executor; ``auto`` leaves the choice as it
    was, at first to the device.
    """
    if name == "auto":
        return nullcontext()
    chosen: AbstractContextManager[None] = _CHOSEN(name)
    return chosen


def compiled() -> bool:
    """Whether programs traced now call compiled code: where it can run,
    unless the scan was asked for.
    """
    return _CHOSEN.value != "scan" and possible()


def possible() -> bool:
    """Whether there is compiled code: on a CPU, in double precision, where it can be made."""
    return double_precision() and jax.default_backend() == "cpu" and _made()


@cache
def _made() -> bool:
    from quantamm_cli.kernels.build import entry

    try:
        entry()
    except Exception as failure:
        # a processor or system that the compiler does not serve: slower, but not less right
        logging.getLogger(__name__).warning(
            "compiled code cannot be made here (%s); JAX's loops take its place", failure
        )
        return False
    return True
