"""The tasks of the frictionless path: each does one lane, from the address of (call frame, lane).

A docstring lists the operands behind the spec, in the order of ``jax_ops``, and the results.
"""

from typing import no_type_check

from quantamm_cli.kernels.frictionless import guarded_weights as w
from quantamm_cli.kernels.frictionless import log_growth as g
from quantamm_cli.kernels.frictionless import minutely as m
from quantamm_cli.kernels.frictionless import recur as r
from quantamm_cli.kernels.frictionless.quantile_select import neighbours
from quantamm_cli.kernels.intrinsics import allocate, compiled, floats, release, words
from quantamm_cli.kernels.threads import axis_size, entry, integer_part, operand, result
from quantamm_cli.kernels.xla_ffi_layout import ARGUMENTS, RESULTS


@compiled
@no_type_check
def unpack(call):
    """The frame, the lane, and the first two integers of the task itself."""
    frame, lane = words(call)[0], words(call)[1]
    spec = integer_part(frame, ARGUMENTS, 0, 1, lane)
    return frame, lane, spec[2] + 0, spec[3] + 0


@compiled
@no_type_check
def matrix_shape(frame, index):
    """Rows and columns of a lane's part of an operand."""
    return axis_size(frame, ARGUMENTS, index, 2), axis_size(frame, ARGUMENTS, index, 1)


@entry
@no_type_check
def recur(call):
    """(first, keep, push, begin) -> now."""
    frame, lane, _, _ = unpack(call)
    first = integer_part(frame, ARGUMENTS, 1, 0, lane)[0]
    rows, n = matrix_shape(frame, 3)
    step = n if axis_size(frame, ARGUMENTS, 2, 2) > 1 else 0
    keep, push, begin = (
        operand(frame, 2, 2, lane),
        operand(frame, 3, 2, lane),
        operand(frame, 4, 2, lane),
    )
    r.recur(first, keep, step, push, begin, result(frame, 0, 2, lane), rows, n)
    return 0


@entry
@no_type_check
def recur_back(call):
    """(first, keep, begin, now, ct) -> gradients of push, keep, begin."""
    frame, lane, _, _ = unpack(call)
    first = integer_part(frame, ARGUMENTS, 1, 0, lane)[0]
    rows, n = matrix_shape(frame, 4)
    step = n if axis_size(frame, ARGUMENTS, 2, 2) > 1 else 0
    keep, begin = operand(frame, 2, 2, lane), operand(frame, 3, 2, lane)
    now, ct = operand(frame, 4, 2, lane), operand(frame, 5, 2, lane)
    to_push, to_keep = result(frame, 0, 2, lane), result(frame, 1, 2, lane)
    to_begin = result(frame, 2, 2, lane)
    r.recur_back(first, keep, step, begin, now, ct, to_push, to_keep, to_begin, rows, n)
    return 0


@entry
@no_type_check
def guarded_weights(call):
    """(opening, signals, limits; spec: minutes) -> starts, slopes."""
    frame, lane, minutes, _ = unpack(call)
    blocks, n = matrix_shape(frame, 2)
    opening, signals = operand(frame, 1, 1, lane), operand(frame, 2, 2, lane)
    limits = operand(frame, 3, 1, lane)
    memory = allocate(8 * w.work_sizes(n)[1])
    starts, slopes = result(frame, 0, 2, lane), result(frame, 1, 2, lane)
    fixed = floats(memory), 1.0 * minutes, limits[0], limits[1], blocks, n
    w.guarded_weights(opening, signals, starts, slopes, *fixed)
    release(memory)
    return 0


@entry
@no_type_check
def guarded_weights_back(call):
    """(signals, limits, starts, ct of starts, ct of slopes; spec: minutes) -> gradients of
    signals, opening, limits.
    """
    frame, lane, minutes, _ = unpack(call)
    blocks, n = matrix_shape(frame, 1)
    signals, limits = operand(frame, 1, 2, lane), operand(frame, 2, 1, lane)
    starts = operand(frame, 3, 2, lane)
    ct_starts, ct_slopes = operand(frame, 4, 2, lane), operand(frame, 5, 2, lane)
    memory = allocate(8 * w.work_sizes(n)[1])
    to_signals, to_opening = result(frame, 0, 2, lane), result(frame, 1, 1, lane)
    to_limits = result(frame, 2, 1, lane)
    fixed = floats(memory), 1.0 * minutes, limits[0], limits[1], blocks, n
    w.guarded_weights_back(
        signals, starts, ct_starts, ct_slopes, to_opening, to_signals, to_limits, *fixed
    )
    release(memory)
    return 0


@entry
@no_type_check
def log_growth(call):
    """(rows, first, starts, slopes, log prices, moments; spec: chunk, period) -> growth."""
    frame, lane, chunk, period = unpack(call)
    rows = integer_part(frame, ARGUMENTS, 1, 1, lane)
    first = integer_part(frame, ARGUMENTS, 2, 0, lane)[0]
    count, (blocks, n) = axis_size(frame, ARGUMENTS, 1, 1), matrix_shape(frame, 3)
    starts, slopes = operand(frame, 3, 2, lane), operand(frame, 4, 2, lane)
    logs, prefix = operand(frame, 5, 2, lane), operand(frame, 6, 2, lane)
    memory, growth = allocate(8 * blocks), result(frame, 0, 1, lane)
    data = first, rows, starts, slopes, logs, prefix
    g.log_growth(*data, chunk, period, floats(memory), growth, count, blocks, n)
    release(memory)
    return 0


@entry
@no_type_check
def log_growth_back(call):
    """(rows, first, starts, slopes, log prices, moments, ct; spec: chunk, period) -> gradients of
    starts, slopes.
    """
    frame, lane, chunk, period = unpack(call)
    rows = integer_part(frame, ARGUMENTS, 1, 1, lane)
    first = integer_part(frame, ARGUMENTS, 2, 0, lane)[0]
    count, (blocks, n) = axis_size(frame, ARGUMENTS, 1, 1), matrix_shape(frame, 3)
    starts, slopes = operand(frame, 3, 2, lane), operand(frame, 4, 2, lane)
    logs, prefix = operand(frame, 5, 2, lane), operand(frame, 6, 2, lane)
    ct, memory = operand(frame, 7, 1, lane), allocate(8 * blocks)
    to_starts, to_slopes = result(frame, 0, 2, lane), result(frame, 1, 2, lane)
    data = first, rows, starts, slopes, logs, prefix
    g.log_growth_back(
        *data, chunk, period, ct, floats(memory), to_starts, to_slopes, count, blocks, n
    )
    release(memory)
    return 0


@entry
@no_type_check
def minutely(call):
    """(first, starts, slopes, log prices; spec: chunk, period) -> growth factors."""
    frame, lane, chunk, period = unpack(call)
    first, rows = integer_part(frame, ARGUMENTS, 1, 0, lane)[0], axis_size(frame, RESULTS, 0, 1)
    blocks, n = matrix_shape(frame, 2)
    starts, slopes = operand(frame, 2, 2, lane), operand(frame, 3, 2, lane)
    logs, growth = operand(frame, 4, 2, lane), result(frame, 0, 1, lane)
    memory = allocate(8 * chunk)
    m.minutely(first, starts, slopes, logs, chunk, period, floats(memory), growth, rows, blocks, n)
    release(memory)
    return 0


@entry
@no_type_check
def minutely_back(call):
    """(first, starts, slopes, log prices, growth, ct; spec: chunk, period) -> gradients of starts,
    slopes.
    """
    frame, lane, chunk, period = unpack(call)
    first, rows = integer_part(frame, ARGUMENTS, 1, 0, lane)[0], axis_size(frame, ARGUMENTS, 5, 1)
    blocks, n = matrix_shape(frame, 2)
    starts, slopes = operand(frame, 2, 2, lane), operand(frame, 3, 2, lane)
    logs = operand(frame, 4, 2, lane)
    growth, ct = operand(frame, 5, 1, lane), operand(frame, 6, 1, lane)
    memory = allocate(8 * chunk)
    to_starts, to_slopes = result(frame, 0, 2, lane), result(frame, 1, 2, lane)
    data = first, starts, slopes, logs, chunk, period, growth, ct
    m.minutely_back(*data, floats(memory), to_starts, to_slopes, rows, blocks, n)
    release(memory)
    return 0


@entry
@no_type_check
def order_statistics(call):
    """(values; spec: rank) -> the numbers of that rank and the next, their positions."""
    frame, lane, rank, _ = unpack(call)
    count = axis_size(frame, ARGUMENTS, 1, 1)
    values, numbers = operand(frame, 1, 1, lane), result(frame, 0, 1, lane)
    positions = integer_part(frame, RESULTS, 1, 1, lane)
    memory = allocate(8 * count)
    neighbours(values, rank, floats(memory), numbers, positions, count)
    release(memory)
    return 0
