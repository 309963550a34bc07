"""The choice between two implementations: JAX's loops, which define the result and run anywhere, or
compiled code.

The choice is part of the key of JAX's cache of programs, so one process can use both.
"""

import logging
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import jax

from quantamm_cli.kernels.jax_ops import double_precision
from quantamm_cli.settings.types import Executor

_CHOSEN = jax.make_user_context("auto")


def executor(name: Executor) -> AbstractContextManager[None]:
    """A context in which programs are traced for this executor; ``auto`` keeps the choice of the
    context around it, which by default depends on the device.
    """
    if name == "auto":
        return nullcontext()
    chosen: AbstractContextManager[None] = _CHOSEN(name)
    return chosen


def chosen() -> str:
    """The executor of the context: ``auto`` unless one was chosen."""
    name: str = _CHOSEN.value
    return name


def fell_back() -> bool:
    """Whether compiled code was looked for and cannot run here, as far as is known by now."""
    return _can_compile.cache_info().currsize > 0 and not _can_compile()


def compiled() -> bool:
    """Whether programs traced now call compiled code: where it can run, unless the executor is
    ``scan``.
    """
    return _CHOSEN.value != "scan" and has_compiled_code()


def has_compiled_code() -> bool:
    """Whether compiled code can run: on a CPU, in double precision, where it can be compiled."""
    return double_precision() and jax.default_backend() == "cpu" and _can_compile()


@cache
def _can_compile() -> bool:
    from quantamm_cli.kernels.build import entry

    try:
        entry("frictionless")  # which every program with compiled code calls
    except Exception as failure:
        # a processor or system that the compiler does not support
        logging.getLogger(__name__).warning(
            "cannot compile code here (%s); using JAX's loops, which are slower", failure
        )
        return False
    return True
