"""The tasks: what each does for one lane. A task is given the addresses of a call frame and a lane.

Each says what its operands and results are behind the spec, in the order of ``jax_ops``.
"""

from typing import no_type_check

from quantamm_cli.kernels.frictionless import guarded_weights as w
from quantamm_cli.kernels.frictionless import log_growth as g
from quantamm_cli.kernels.frictionless import minutely as m
from quantamm_cli.kernels.frictionless import recur as r
from quantamm_cli.kernels.frictionless.quantile_select import neighbours
from quantamm_cli.kernels.intrinsics import allocate, compiled, floats, release, words
from quantamm_cli.kernels.threads import asked, entry, given, listed, size
from quantamm_cli.kernels.xla_ffi_layout import ARGUMENTS, RESULTS


@compiled
@no_type_check
def told(call):
    """The frame, the lane, and the spec's own integers."""
    frame, lane = words(call)[0], words(call)[1]
    spec = listed(frame, ARGUMENTS, 0, 1, lane)
    return frame, lane, spec[2] + 0, spec[3] + 0


@entry
@no_type_check
def recur(call):
    """(first, keep, push, begin) -> now."""
    frame, lane, _, _ = told(call)
    first, rows, n = (
        listed(frame, ARGUMENTS, 1, 0, lane)[0],
        size(frame, ARGUMENTS, 3, 2),
        size(frame, ARGUMENTS, 3, 1),
    )
    step = n if size(frame, ARGUMENTS, 2, 2) > 1 else 0
    r.recur(
        first,
        given(frame, 2, 2, lane),
        step,
        given(frame, 3, 2, lane),
        given(frame, 4, 2, lane),
        asked(frame, 0, 2, lane),
        rows,
        n,
    )
    return 0


@entry
@no_type_check
def recur_back(call):
    """(first, keep, begin, now, due) -> gradients of push, keep, begin."""
    frame, lane, _, _ = told(call)
    first, rows, n = (
        listed(frame, ARGUMENTS, 1, 0, lane)[0],
        size(frame, ARGUMENTS, 4, 2),
        size(frame, ARGUMENTS, 4, 1),
    )
    keep, step, begin = (
        given(frame, 2, 2, lane),
        n if size(frame, ARGUMENTS, 2, 2) > 1 else 0,
        given(frame, 3, 2, lane),
    )
    now, due = given(frame, 4, 2, lane), given(frame, 5, 2, lane)
    r.recur_back(
        first,
        keep,
        step,
        begin,
        now,
        due,
        asked(frame, 0, 2, lane),
        asked(frame, 1, 2, lane),
        asked(frame, 2, 2, lane),
        rows,
        n,
    )
    return 0


@entry
@no_type_check
def walk(call):
    """(opening, signals, limits; spec: minutes) -> starts, slopes."""
    frame, lane, minutes, _ = told(call)
    blocks, n = size(frame, ARGUMENTS, 2, 2), size(frame, ARGUMENTS, 2, 1)
    opening, signals, limits = (
        given(frame, 1, 1, lane),
        given(frame, 2, 2, lane),
        given(frame, 3, 1, lane),
    )
    held = allocate(8 * w.scratch(n)[1])
    starts, slopes = asked(frame, 0, 2, lane), asked(frame, 1, 2, lane)
    w.walk(
        opening,
        signals,
        starts,
        slopes,
        floats(held),
        1.0 * minutes,
        limits[0],
        limits[1],
        blocks,
        n,
    )
    release(held)
    return 0


@entry
@no_type_check
def walk_back(call):
    """(signals, limits, starts, due starts, due slopes; spec: minutes) -> gradients of
    signals, opening, limits.
    """
    frame, lane, minutes, _ = told(call)
    blocks, n = size(frame, ARGUMENTS, 1, 2), size(frame, ARGUMENTS, 1, 1)
    signals, limits, starts = (
        given(frame, 1, 2, lane),
        given(frame, 2, 1, lane),
        given(frame, 3, 2, lane),
    )
    due_starts, due_slopes = given(frame, 4, 2, lane), given(frame, 5, 2, lane)
    held = allocate(8 * w.scratch(n)[1])
    to_signals, to_opening, to_limits = (
        asked(frame, 0, 2, lane),
        asked(frame, 1, 1, lane),
        asked(frame, 2, 1, lane),
    )
    fixed = floats(held), 1.0 * minutes, limits[0], limits[1], blocks, n
    w.walk_back(signals, starts, due_starts, due_slopes, to_opening, to_signals, to_limits, *fixed)
    release(held)
    return 0


@entry
@no_type_check
def grown(call):
    """(rows, first, starts, slopes, log prices, moments; spec: chunk, period) -> growth."""
    frame, lane, chunk, period = told(call)
    rows, first = listed(frame, ARGUMENTS, 1, 1, lane), listed(frame, ARGUMENTS, 2, 0, lane)[0]
    count, blocks, n = (
        size(frame, ARGUMENTS, 1, 1),
        size(frame, ARGUMENTS, 3, 2),
        size(frame, ARGUMENTS, 3, 1),
    )
    starts, slopes = given(frame, 3, 2, lane), given(frame, 4, 2, lane)
    logs, prefix = given(frame, 5, 2, lane), given(frame, 6, 2, lane)
    held = allocate(8 * blocks)
    g.grown(
        first,
        rows,
        starts,
        slopes,
        logs,
        prefix,
        chunk,
        period,
        floats(held),
        asked(frame, 0, 1, lane),
        count,
        blocks,
        n,
    )
    release(held)
    return 0


@entry
@no_type_check
def grown_back(call):
    """(rows, first, starts, slopes, log prices, moments, due; spec: chunk,
    period) -> gradients of starts, slopes.
    """
    frame, lane, chunk, period = told(call)
    rows, first = listed(frame, ARGUMENTS, 1, 1, lane), listed(frame, ARGUMENTS, 2, 0, lane)[0]
    count, blocks, n = (
        size(frame, ARGUMENTS, 1, 1),
        size(frame, ARGUMENTS, 3, 2),
        size(frame, ARGUMENTS, 3, 1),
    )
    starts, slopes = given(frame, 3, 2, lane), given(frame, 4, 2, lane)
    logs, prefix, due = given(frame, 5, 2, lane), given(frame, 6, 2, lane), given(frame, 7, 1, lane)
    held = allocate(8 * blocks)
    found = asked(frame, 0, 2, lane), asked(frame, 1, 2, lane)
    g.grown_back(
        first,
        rows,
        starts,
        slopes,
        logs,
        prefix,
        chunk,
        period,
        due,
        floats(held),
        *found,
        count,
        blocks,
        n,
    )
    release(held)
    return 0


@entry
@no_type_check
def minutely(call):
    """(first, starts, slopes, log prices; spec: chunk, period) -> growth factors."""
    frame, lane, chunk, period = told(call)
    first, rows = listed(frame, ARGUMENTS, 1, 0, lane)[0], size(frame, RESULTS, 0, 1)
    blocks, n = size(frame, ARGUMENTS, 2, 2), size(frame, ARGUMENTS, 2, 1)
    starts, slopes, logs = (
        given(frame, 2, 2, lane),
        given(frame, 3, 2, lane),
        given(frame, 4, 2, lane),
    )
    held = allocate(8 * chunk)
    m.minutely(
        first,
        starts,
        slopes,
        logs,
        chunk,
        period,
        floats(held),
        asked(frame, 0, 1, lane),
        rows,
        blocks,
        n,
    )
    release(held)
    return 0


@entry
@no_type_check
def minutely_back(call):
    """(first, starts, slopes, log prices, growth, due; spec: chunk,
    period) -> gradients of starts, slopes.
    """
    frame, lane, chunk, period = told(call)
    first, rows = listed(frame, ARGUMENTS, 1, 0, lane)[0], size(frame, ARGUMENTS, 5, 1)
    blocks, n = size(frame, ARGUMENTS, 2, 2), size(frame, ARGUMENTS, 2, 1)
    starts, slopes, logs = (
        given(frame, 2, 2, lane),
        given(frame, 3, 2, lane),
        given(frame, 4, 2, lane),
    )
    growth, due = given(frame, 5, 1, lane), given(frame, 6, 1, lane)
    held = allocate(8 * chunk)
    found = asked(frame, 0, 2, lane), asked(frame, 1, 2, lane)
    m.minutely_back(
        first,
        starts,
        slopes,
        logs,
        chunk,
        period,
        growth,
        due,
        floats(held),
        *found,
        rows,
        blocks,
        n,
    )
    release(held)
    return 0


@entry
@no_type_check
def order(call):
    """(values; spec: rank) -> the numbers of that rank and the next, their places."""
    frame, lane, rank, _ = told(call)
    count = size(frame, ARGUMENTS, 1, 1)
    held = allocate(8 * count)
    neighbours(
        given(frame, 1, 1, lane),
        rank,
        floats(held),
        asked(frame, 0, 1, lane),
        listed(frame, RESULTS, 1, 1, lane),
        count,
    )
    release(held)
    return 0
