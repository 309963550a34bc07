r"""Linear recurrences $x_j = a\,x_{j-1} + u_j$, and the two ways to run a text that is made of them.

An estimator is written once, as a function of a *stream* of prices and of ``recur``, which turns a drive into the
recurrence's value. Run by ``Columns`` a stream is the whole column ``(c, n)`` and every recurrence a scan of its own;
run by ``OneRow`` it is the newest row ``(n,)``, with the state carried from row to row, as a keeper on chain would do it.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

Stream = Float[Array, "*c n"]
Decay = Float[Array, "... n"]
State = tuple[Array, ...]


@runtime_checkable
class Recur(Protocol):
    """The value now and the value before of a recurrence that holds ``start`` at the first row. ``decay`` may differ from row to row."""

    def __call__(self, decay: Decay, drive: Stream, start: Stream) -> tuple[Stream, Stream]: ...


class Columns:
    """All rows at once. Rows up to ``first`` hold the start: what came before them is padding."""

    def __init__(self, first: Int[Array, ""]) -> None:
        self.first = first

    def __call__(self, decay: Decay, drive: Stream, start: Stream) -> tuple[Stream, Stream]:
        def step(before: Array, row: tuple[Array, Array, Array, Array]) -> tuple[Array, tuple[Array, Array]]:
            index, keep, push, begin = row
            now = jnp.where(index <= self.first, begin, keep * before + push)
            return now, (now, jnp.where(index <= self.first, begin, before))

        decay, start = jnp.broadcast_to(decay, drive.shape), jnp.broadcast_to(start, drive.shape)
        _, (now, before) = jax.lax.scan(step, start[0], (jnp.arange(len(drive)), decay, drive, start))
        return now, before


class OneRow:
    """The newest row. ``state`` holds the recurrences' last values in the order they are met; ``None`` at the first row."""

    def __init__(self, state: State | None) -> None:
        self._carried = state
        self.state: State = ()

    def __call__(self, decay: Decay, drive: Stream, start: Stream) -> tuple[Stream, Stream]:
        start = jnp.broadcast_to(start, drive.shape)
        before = start if self._carried is None else self._carried[len(self.state)]
        now = start if self._carried is None else decay * before + drive
        self.state = (*self.state, now)
        return now, before


def one_row(text: Callable[[Recur, Stream], Stream], state: State | None, price: Float[Array, " n"]) -> tuple[State, Float[Array, " n"]]:
    """Run a text for one more price; the new state and what it says. Pure: nothing outlives the call."""
    recur = OneRow(state)
    said = text(recur, price)
    return recur.state, said
