r"""Linear recurrences $x_j = a\,x_{j-1} + u_j$, and two ways to run an estimator made of them.

An estimator is one function of prices and of ``recur``, which computes x from a and u. ``Columns``
calls it once with all chunks ``(c, n)``, and each recurrence is one scan. ``OneRow`` calls it for
every chunk with the newest prices ``(n,)`` and passes the state from call to call, as a contract
does. Prices of either shape are a *stream*.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.executor import compiled
from quantamm_cli.kernels.frictionless import jax_ops as kernels

Stream = Float[Array, "*c n"]
Decay = Float[Array, "... n"]
State = dict[str, Float[Array, " n"]]
"""The recurrences' last values, by name."""


class RuleInputs(NamedTuple):
    """The inputs of a rule: prices, and the other series it asks for, ``(…, n)`` or ``(…, 1)``."""

    price: Float[Array, "*c n"]
    series: dict[str, Float[Array, "*c _"]] = {}  # noqa: RUF012 - never written to


@runtime_checkable
class Recur(Protocol):
    """Returns the value and the value before of a recurrence that starts with ``start``. ``decay``
    may differ from row to row.

    The recurrences of an estimator have different names.
    """

    def __call__(
        self, name: str, decay: Decay, drive: Stream, start: Stream
    ) -> tuple[Stream, Stream]: ...


class Columns:
    """All rows at once. Rows before ``first`` are padding: all rows up to it have the value
    ``start`` or, if there is an ``initial`` state, that.

    ``columns`` are the recurrences run so far, by name.
    """

    def __init__(self, first: Int[Array, ""], initial: Mapping[str, Array] | None = None) -> None:
        self.first = first
        self._initial = initial
        self.columns: dict[str, Array] = {}

    def __call__(
        self, name: str, decay: Decay, drive: Stream, start: Stream
    ) -> tuple[Stream, Stream]:
        def step(
            before: Array, row: tuple[Array, Array, Array, Array]
        ) -> tuple[Array, tuple[Array, Array]]:
            index, keep, push, begin = row
            now = jnp.where(index <= self.first, begin, keep * before + push)
            return now, (now, jnp.where(index <= self.first, begin, before))

        start = jnp.broadcast_to(
            start if self._initial is None else self._initial[name], drive.shape
        )
        if compiled():
            now = kernels.recurrence(self.first, jnp.atleast_2d(decay), drive, start)
            held = (jnp.arange(len(drive)) <= self.first)[:, None]
            self.columns[name] = now
            return now, jnp.where(held, start, jnp.concatenate([start[:1], now[:-1]]))
        decay = jnp.broadcast_to(decay, drive.shape)
        _, (now, before) = jax.lax.scan(
            step, start[0], (jnp.arange(len(drive)), decay, drive, start)
        )
        self.columns[name] = now
        return now, before


class OneRow:
    """The newest row. ``previous`` is the state after the row before: ``None`` at the first row,
    which has the value ``start`` or, if there is an ``initial`` state, that.
    """

    def __init__(
        self, previous: Mapping[str, Array] | None, initial: Mapping[str, Array] | None = None
    ) -> None:
        self._previous, self._initial = previous, initial
        self.state: State = {}

    def __call__(
        self, name: str, decay: Decay, drive: Stream, start: Stream
    ) -> tuple[Stream, Stream]:
        start = jnp.broadcast_to(
            start if self._initial is None else self._initial[name], drive.shape
        )
        before = start if self._previous is None else self._previous[name]
        now = start if self._previous is None else decay * before + drive
        self.state[name] = now
        return now, before


def one_row(
    estimator: Callable[[Recur, RuleInputs], Stream],
    previous: Mapping[str, Array] | None,
    row: RuleInputs,
    initial: Mapping[str, Array] | None = None,
) -> tuple[State, Float[Array, " n"]]:
    """Runs an estimator for one more row; returns the new state and the output. Pure."""
    recur = OneRow(previous, initial)
    output = estimator(recur, row)
    return recur.state, output
