"""The compiled code of the frictionless path as JAX functions: under jit, vmap, grad, inside loops
and in shard_map, on the CPU.

All compute in double precision whatever the inputs' precision. They have no forward-mode
derivatives; prices are data and have no gradient.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.kernels.jax_ops import aligned_doubles, first_row, floats, run


def recurrence(
    first: Int[Array, ""],
    keep: Float[Array, "_ n"],
    push: Float[Array, "c n"],
    begin: Float[Array, "c n"],
) -> Float[Array, "c n"]:
    """``x[j] = keep[j] x[j - 1] + push[j]`` after row ``first``, ``begin[j]`` up to it; ``keep``
    has a row for each j, or one for all.
    """
    return _recur(jnp.asarray(first, jnp.int32), *aligned_doubles(keep, push, begin)).astype(
        push.dtype
    )


@jax.custom_vjp
def _recur(first: Array, keep: Array, push: Array, begin: Array) -> Array:
    return run("recur", (), floats(push.shape), first, keep, push, begin)[0]


def _recur_forward(first: Array, keep: Array, push: Array, begin: Array) -> tuple[Array, Any]:
    now = _recur(first, keep, push, begin)
    return now, (first, keep, begin, now)


def _recur_backward(residuals: Any, ct: Array) -> Any:
    first, keep, begin, now = residuals
    push, to_keep, to_begin = run(
        "recur_back", (), floats(now.shape, keep.shape, now.shape), first, keep, begin, now, ct
    )
    return None, to_keep, push, to_begin


_recur.defvjp(_recur_forward, _recur_backward)


def guarded_weights(
    opening: Float[Array, " n"],
    signals: Float[Array, "b n"],
    minutes: int,
    floor: Float[Array, ""] | float,
    maximum: Float[Array, ""] | float,
) -> tuple[Float[Array, "b n"], Float[Array, "b n"]]:
    """Starts and slopes of consecutive blocks whose weights move by ``core.simplex.guarded``
    towards start plus signal.
    """
    limits = jnp.stack(aligned_doubles(floor, maximum))
    starts, slopes = _guarded_weights(minutes, *aligned_doubles(opening, signals), limits)
    return starts.astype(signals.dtype), slopes.astype(signals.dtype)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _guarded_weights(
    minutes: int, opening: Array, signals: Array, limits: Array
) -> tuple[Array, Array]:
    starts, slopes = run(
        "guarded_weights",
        (minutes,),
        floats(signals.shape, signals.shape),
        opening,
        signals,
        limits,
    )
    return starts, slopes


def _guarded_weights_forward(
    minutes: int, opening: Array, signals: Array, limits: Array
) -> tuple[Any, Any]:
    starts, slopes = _guarded_weights(minutes, opening, signals, limits)
    return (starts, slopes), (signals, limits, starts)


def _guarded_weights_backward(minutes: int, residuals: Any, ct: Any) -> Any:
    signals, limits, starts = residuals
    shapes = floats(signals.shape, signals.shape[1:], limits.shape)
    to_signals, to_opening, to_limits = run(
        "guarded_weights_back", (minutes,), shapes, signals, limits, starts, *ct
    )
    return to_opening, to_signals, to_limits


_guarded_weights.defvjp(_guarded_weights_forward, _guarded_weights_backward)


def log_growth(
    first: Int[Array, ""],
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    logs: Float[Array, "t n"],
    moments: Float[Array, "t n"],
    blocks: tuple[int, int],
    rows: np.ndarray,
) -> Float[Array, " r"]:
    """``core.closed_form.log_growth``; ``blocks`` are the minutes of a block, and those in which
    its weights move.
    """
    first = first_row(first, int(np.max(rows)) + 1, len(logs))
    data = aligned_doubles(starts, slopes, logs, moments)
    return _log_growth(blocks, jnp.asarray(rows, jnp.int32), first, *data)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _log_growth(blocks: tuple[int, int], *operands: Array) -> Array:
    return run("log_growth", blocks, floats(operands[0].shape), *operands)[0]


def _log_growth_forward(blocks: tuple[int, int], *operands: Array) -> tuple[Array, Any]:
    return _log_growth(blocks, *operands), operands


def _log_growth_backward(blocks: tuple[int, int], operands: Any, ct: Array) -> Any:
    starts, slopes = run(
        "log_growth_back", blocks, floats(operands[2].shape, operands[3].shape), *operands, ct
    )
    return None, None, starts, slopes, None, None


_log_growth.defvjp(_log_growth_forward, _log_growth_backward)


def growth(
    first: Int[Array, ""],
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    logs: Float[Array, "t n"],
    blocks: tuple[int, int],
    rows: int,
) -> Float[Array, " rows"]:
    """Value over opening value at every row of a frictionless pool whose weights move linearly in
    each block.
    """
    return _minutely(
        (*blocks, rows), first_row(first, rows, len(logs)), *aligned_doubles(starts, slopes, logs)
    )


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _minutely(shape: tuple[int, int, int], *operands: Array) -> Array:
    return run("minutely", shape[:2], floats(shape[2:]), *operands)[0]


def _minutely_forward(shape: tuple[int, int, int], *operands: Array) -> tuple[Array, Any]:
    growth = _minutely(shape, *operands)
    return growth, (*operands, growth)


def _minutely_backward(shape: tuple[int, int, int], residuals: Any, ct: Array) -> Any:
    shapes = floats(residuals[1].shape, residuals[2].shape)
    starts, slopes = run("minutely_back", shape[:2], shapes, *residuals, ct)
    return None, starts, slopes, None


_minutely.defvjp(_minutely_forward, _minutely_backward)


def neighbours(values: Float[Array, " k"], rank: int) -> Float[Array, "2"]:
    """The numbers of this rank and the next (or the last), by selection; NaN if any number is."""
    return _order_statistics(rank, values.astype(jnp.float64)).astype(values.dtype)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _order_statistics(rank: int, values: Array) -> Array:
    return _order_statistics_forward(rank, values)[0]


def _order_statistics_forward(rank: int, values: Array) -> tuple[Array, Any]:
    shapes = (((2,), jnp.float64), ((2,), jnp.int32))
    numbers, positions = run("order_statistics", (rank,), shapes, values)
    # An empty array passes the length on without the values.
    return numbers, (positions, jnp.zeros_like(values, shape=(0, len(values))))


def _order_statistics_backward(rank: int, residuals: Any, ct: Array) -> Any:
    positions, like = residuals
    return (jnp.zeros(like.shape[1], ct.dtype).at[positions].add(ct),)


_order_statistics.defvjp(_order_statistics_forward, _order_statistics_backward)
