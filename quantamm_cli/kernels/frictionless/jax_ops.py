"""The compiled code of the frictionless path as JAX functions: under jit, vmap, grad, inside loops
and in shard_map, on the CPU.

All compute in double precision whatever the inputs' precision. Forward-mode derivatives do not
exist; prices are data and have no gradient.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.kernels.jax_ops import first_row, floats, precise, run


def recurrence(
    first: Int[Array, ""],
    keep: Float[Array, "_ n"],
    push: Float[Array, "c n"],
    begin: Float[Array, "c n"],
) -> Float[Array, "c n"]:
    """``x[j] = keep[j] x[j - 1] + push[j]`` behind row ``first``, ``begin[j]`` up to it; ``keep``
    has a row for each j, or one.
    """
    return _recur(jnp.asarray(first, jnp.int32), *precise(keep, push, begin)).astype(push.dtype)


@jax.custom_vjp
def _recur(first: Array, keep: Array, push: Array, begin: Array) -> Array:
    return run("recur", (), floats(push.shape), first, keep, push, begin)[0]


def _recur_forward(first: Array, keep: Array, push: Array, begin: Array) -> tuple[Array, Any]:
    now = _recur(first, keep, push, begin)
    return now, (first, keep, begin, now)


def _recur_backward(kept: Any, due: Array) -> Any:
    first, keep, begin, now = kept
    push, to_keep, to_begin = run(
        "recur_back", (), floats(now.shape, keep.shape, now.shape), first, keep, begin, now, due
    )
    return None, to_keep, push, to_begin


_recur.defvjp(_recur_forward, _recur_backward)


def walk(
    opening: Float[Array, " n"],
    signals: Float[Array, "b n"],
    minutes: int,
    floor: Float[Array, ""] | float,
    maximum: Float[Array, ""] | float,
) -> tuple[Float[Array, "b n"], Float[Array, "b n"]]:
    """Starts and slopes of blocks whose weights move by ``core.simplex.guarded`` towards start plus
    signal, one after the other.
    """
    limits = jnp.stack(precise(floor, maximum))
    starts, slopes = _walk(minutes, *precise(opening, signals), limits)
    return starts.astype(signals.dtype), slopes.astype(signals.dtype)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _walk(minutes: int, opening: Array, signals: Array, limits: Array) -> tuple[Array, Array]:
    starts, slopes = run(
        "walk", (minutes,), floats(signals.shape, signals.shape), opening, signals, limits
    )
    return starts, slopes


def _walk_forward(minutes: int, opening: Array, signals: Array, limits: Array) -> tuple[Any, Any]:
    starts, slopes = _walk(minutes, opening, signals, limits)
    return (starts, slopes), (signals, limits, starts)


def _walk_backward(minutes: int, kept: Any, due: Any) -> Any:
    signals, limits, starts = kept
    shapes = floats(signals.shape, signals.shape[1:], limits.shape)
    to_signals, to_opening, to_limits = run(
        "walk_back", (minutes,), shapes, signals, limits, starts, *due
    )
    return to_opening, to_signals, to_limits


_walk.defvjp(_walk_forward, _walk_backward)


def log_growth(
    first: Int[Array, ""],
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    logs: Float[Array, "t n"],
    moments: Float[Array, "t n"],
    blocks: tuple[int, int],
    rows: np.ndarray,
) -> Float[Array, " r"]:
    """What ``core.closed_form.log_growth`` gives; ``blocks`` are the minutes of a block, and those
    in which its weights move.
    """
    wanted = jnp.asarray(rows, jnp.int32)
    return _grown(
        blocks,
        wanted,
        first_row(first, int(np.max(rows)) + 1, len(logs)),
        *precise(starts, slopes, logs, moments),
    )


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _grown(blocks: tuple[int, int], *given: Array) -> Array:
    return run("grown", blocks, floats(given[0].shape), *given)[0]


def _grown_forward(blocks: tuple[int, int], *given: Array) -> tuple[Array, Any]:
    return _grown(blocks, *given), given


def _grown_backward(blocks: tuple[int, int], given: Any, due: Array) -> Any:
    starts, slopes = run("grown_back", blocks, floats(given[2].shape, given[3].shape), *given, due)
    return None, None, starts, slopes, None, None


_grown.defvjp(_grown_forward, _grown_backward)


def growth(
    first: Int[Array, ""],
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    logs: Float[Array, "t n"],
    blocks: tuple[int, int],
    rows: int,
) -> Float[Array, " rows"]:
    """Value over opening value at every row of a frictionless pool whose
    weights move in straight lines.
    """
    return _minutely(
        (*blocks, rows), first_row(first, rows, len(logs)), *precise(starts, slopes, logs)
    )


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _minutely(shape: tuple[int, int, int], *given: Array) -> Array:
    return run("minutely", shape[:2], floats(shape[2:]), *given)[0]


def _minutely_forward(shape: tuple[int, int, int], *given: Array) -> tuple[Array, Any]:
    found = _minutely(shape, *given)
    return found, (*given, found)


def _minutely_backward(shape: tuple[int, int, int], kept: Any, due: Array) -> Any:
    starts, slopes = run(
        "minutely_back", shape[:2], floats(kept[1].shape, kept[2].shape), *kept, due
    )
    return None, starts, slopes, None


_minutely.defvjp(_minutely_forward, _minutely_backward)


def neighbours(values: Float[Array, " k"], rank: int) -> Float[Array, "2"]:
    """The numbers of this rank and the next (or the last), by selection; NaN if any is."""
    return _order(rank, values.astype(jnp.float64)).astype(values.dtype)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _order(rank: int, values: Array) -> Array:
    return _order_forward(rank, values)[0]


def _order_forward(rank: int, values: Array) -> tuple[Array, Any]:
    found, places = run("order", (rank,), (((2,), jnp.float64), ((2,), jnp.int32)), values)
    return found, (places, jnp.zeros_like(values, shape=(0, len(values))))


def _order_backward(rank: int, kept: Any, due: Array) -> Any:
    places, like = kept
    return (jnp.zeros(like.shape[1], due.dtype).at[places].add(due),)


_order.defvjp(_order_forward, _order_backward)
