r"""Linear recurrences $x_j = a\,x_{j-1} + u_j$, and the two ways to run a
text that is made of them.

An estimator is written once, as a function of a *stream* of prices and of ``recur``, which turns a
drive into the recurrence's value. Run by ``Columns`` a stream is the whole column ``(c, n)`` and
every recurrence a scan of its own; run by ``OneRow`` it is the newest row ``(n,)``, with the state
carried from row to row, as a keeper on chain would do it.
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


class Seen(NamedTuple):
    """What a rule sees: prices, and whatever other series it asked for,
    ``(…, n)`` or ``(…, 1)``.
    """

    price: Float[Array, "*c n"]
    series: dict[str, Float[Array, "*c _"]] = {}  # noqa: RUF012 - never written to


@runtime_checkable
class Recur(Protocol):
    """The value now and the value before of a recurrence that holds ``start`` at the first row.
    ``decay`` may differ from row to row.

    A text's recurrences bear different names.
    """

    def __call__(
        self, name: str, decay: Decay, drive: Stream, start: Stream
    ) -> tuple[Stream, Stream]: ...


class Columns:
    """All rows at once. Rows up to ``first`` hold the start, or what ``given`` holds:
    what came before them is padding.

    ``columns`` are the recurrences run so far, by name.
    """

    def __init__(self, first: Int[Array, ""], given: Mapping[str, Array] | None = None) -> None:
        self.first = first
        self._given = given
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

        start = jnp.broadcast_to(start if self._given is None else self._given[name], drive.shape)
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
    """The newest row. ``carried`` is the state so far: ``None`` at the first row, which holds the
    start or what ``given`` holds.
    """

    def __init__(
        self, carried: Mapping[str, Array] | None, given: Mapping[str, Array] | None = None
    ) -> None:
        self._carried, self._given = carried, given
        self.state: State = {}

    def __call__(
        self, name: str, decay: Decay, drive: Stream, start: Stream
    ) -> tuple[Stream, Stream]:
        start = jnp.broadcast_to(start if self._given is None else self._given[name], drive.shape)
        before = start if self._carried is None else self._carried[name]
        now = start if self._carried is None else decay * before + drive
        self.state[name] = now
        return now, before


def one_row(
    text: Callable[[Recur, Seen], Stream],
    carried: Mapping[str, Array] | None,
    seen: Seen,
    given: Mapping[str, Array] | None = None,
) -> tuple[State, Float[Array, " n"]]:
    """Run a text for one more row; the new state and what it says.

    Pure: nothing outlives the call.
    """
    recur = OneRow(carried, given)
    said = text(recur, seen)
    return recur.state, said
