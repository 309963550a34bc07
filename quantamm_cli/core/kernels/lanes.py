"""From XLA's call frame to the loop of each lane, and lanes to XLA's own threads.

Operands and results may have leading axes of lanes, all the same number of them; along each an operand has the lanes' size,
or one if it is shared.
"""

from typing import no_type_check

from numba import cfunc, types

from quantamm_cli.core.kernels import frame as f
from quantamm_cli.core.kernels import spec as s
from quantamm_cli.core.kernels.loop import backward, step_of, stretch
from quantamm_cli.core.kernels.machine import (
    allocate,
    compiled,
    fetch_add,
    floats,
    integers,
    invoke,
    octets,
    release,
    shifted,
    symbol,
    words,
)

task = types.int64(types.int64)
SPEC, NAMED, PRICES, START, STARTS, SLOPES, STOPS, OPENING, FEE, GAS, ARB, SPLIT, NOISE, SUPPLY = range(14)
PAY, TAKE, AMOUNT, EXACT_OUT, MARKS, DUE_RESERVES, DUE_FEES = range(14, 21)
"""Operands, those of trades and those of the backward loop."""
NEXT, DONE, HOLDERS, LANES, FRAME, TASK, JOB_WORDS = 0, 1, 2, 3, 4, 5, 6
"""A job: the next lane, lanes done, who still holds it, how many lanes, the call frame, the function that does one lane."""

forward_task, backward_task, helper_task = (symbol(f"qsim_minutes_{name}") for name in ("forward", "backward", "helper"))
rest = types.ExternalFunction("sched_yield", types.int32())


@compiled
@no_type_check
def buffer(frame, kind, index):
    """The words of an argument or result."""
    return words(words(words(frame)[kind + f.ITEMS])[index])


@compiled
@no_type_check
def place(frame, kind, index, axes, lane, width):
    """Where a lane's part of it begins; ``axes`` is how many it has besides those of lanes, ``width`` its numbers' bytes."""
    found, shape = buffer(frame, kind, index), buffer(frame, f.RESULTS, 0)
    dims, lanes = words(found[f.DIMS]), words(shape[f.DIMS])
    leading, stride, offset = found[f.RANK] - axes, 1, 0
    for axis in range(axes):
        stride *= dims[leading + axis]
    for axis in range(leading - 1, -1, -1):
        if dims[axis] > 1:
            offset += lane % lanes[axis] * stride
        lane //= lanes[axis]
        stride *= dims[axis]
    return found[f.DATA] + width * offset


@compiled
@no_type_check
def given(frame, index, axes, lane):
    """A lane's part of an operand of floats."""
    return floats(place(frame, f.ARGUMENTS, index, axes, lane, 8))


@compiled
@no_type_check
def asked(frame, index, axes, lane):
    """A lane's part of a result of floats."""
    return floats(place(frame, f.RESULTS, index, axes, lane, 8))


@compiled
@no_type_check
def spec_of(frame, lane):
    """The spec and the rows asked for, and how many visits there are."""
    spec = integers(place(frame, f.ARGUMENTS, SPEC, 1, lane, 4))
    return spec, integers(place(frame, f.ARGUMENTS, NAMED, 1, lane, 4)), (spec[s.LENGTH] - 1) // step_of(spec) + 1


@compiled
@no_type_check
def market_of(frame, spec, lane):
    """Prices, supply and trades, from the window's first row on."""
    start = types.int64(integers(place(frame, f.ARGUMENTS, START, 0, lane, 4))[0])
    skipped = start * spec[s.TRADES]
    pay = shifted(integers(place(frame, f.ARGUMENTS, PAY, 2, lane, 4)), skipped)
    take = shifted(integers(place(frame, f.ARGUMENTS, TAKE, 2, lane, 4)), skipped)
    amount = shifted(given(frame, AMOUNT, 2, lane), skipped)
    exact_out = shifted(octets(place(frame, f.ARGUMENTS, EXACT_OUT, 2, lane, 1)), skipped)
    prices, supply = given(frame, PRICES, 2, lane), given(frame, SUPPLY, 1, lane)
    return start, (shifted(prices, start * spec[s.ASSETS]), shifted(supply, start), pay, take, amount, exact_out)


@compiled
@no_type_check
def columns_of(frame, spec, start, lane):
    """Frictions, from the window's first row on."""
    return (
        shifted(given(frame, FEE, 1, lane), start * spec[s.FEE_STEP]),
        shifted(given(frame, GAS, 1, lane), start * spec[s.GAS_STEP]),
        shifted(given(frame, ARB, 1, lane), start * spec[s.ARB_STEP]),
        shifted(given(frame, SPLIT, 1, lane), start * spec[s.SPLIT_STEP]),
        shifted(given(frame, NOISE, 1, lane), start * spec[s.NOISE_STEP]),
    )


@compiled
@no_type_check
def blocks_of(frame, lane):
    """Starts, slopes and stops."""
    return given(frame, STARTS, 2, lane), given(frame, SLOPES, 2, lane), given(frame, STOPS, 1, lane)


@compiled
@no_type_check
def vectors_in(room, n):
    """Five vectors to work in."""
    return room, shifted(room, n), shifted(room, 2 * n), shifted(room, 3 * n), shifted(room, 4 * n)


@cfunc(task, error_model="numpy", fastmath={"contract"})
@no_type_check
def lane_forward(frame_and_lane):
    """One lane, forward."""
    frame, lane = words(frame_and_lane)[0], words(frame_and_lane)[1]
    spec, rows, visits = spec_of(frame, lane)
    start, market = market_of(frame, spec, lane)
    n = spec[s.ASSETS]
    held = allocate(8 * 6 * n)
    room = floats(held)
    reserves, opening = shifted(room, 5 * n), given(frame, OPENING, 1, lane)
    for i in range(n):
        reserves[i] = opening[i]
    refused = integers(place(frame, f.RESULTS, 2, 1, lane, 4))
    out = asked(frame, 0, 2, lane), asked(frame, 1, 1, lane), refused, asked(frame, 3, 2, lane)
    columns, log = columns_of(frame, spec, start, lane), (room, words(held), False)
    stretch(spec, market, columns, blocks_of(frame, lane), rows, 0, visits, reserves, vectors_in(room, n), log, out)
    release(held)
    return 0


@compiled
@no_type_check
def cleared(frame, spec, start, lane):
    """The gradients, zero: those of columns from the window's first row on."""
    n, t = spec[s.ASSETS], spec[s.ROWS] - 1
    wide = spec[s.BLOCKS] * n
    to_starts, to_slopes, to_opening = asked(frame, 0, 2, lane), asked(frame, 1, 2, lane), asked(frame, 2, 1, lane)
    to_fee, to_split, to_noise = asked(frame, 3, 1, lane), asked(frame, 4, 1, lane), asked(frame, 5, 1, lane)
    for i in range(wide):
        to_starts[i] = to_slopes[i] = 0.0
    if spec[s.TO_FEE]:
        for i in range(1 + t * spec[s.FEE_STEP]):
            to_fee[i] = 0.0
    if spec[s.TO_SPLIT]:
        for i in range(1 + t * spec[s.SPLIT_STEP]):
            to_split[i] = 0.0
    if spec[s.TO_NOISE]:
        for i in range(1 + t * spec[s.NOISE_STEP]):
            to_noise[i] = 0.0
    of_columns = (
        shifted(to_fee, start * spec[s.FEE_STEP]),
        shifted(to_split, start * spec[s.SPLIT_STEP]),
        shifted(to_noise, start * spec[s.NOISE_STEP]),
    )
    return (to_starts, to_slopes, to_opening, *of_columns)


@cfunc(task, error_model="numpy", fastmath={"contract"})
@no_type_check
def lane_backward(frame_and_lane):
    """One lane, backward."""
    frame, lane = words(frame_and_lane)[0], words(frame_and_lane)[1]
    spec, rows, visits = spec_of(frame, lane)
    start, market = market_of(frame, spec, lane)
    n = spec[s.ASSETS]
    most, wide = s.SEGMENT * (2 + spec[s.TRADES]), 3 * n + 3
    held = allocate(8 * (9 * n + most * (wide + 2)))
    room = floats(held)
    more = shifted(room, 5 * n), shifted(room, 6 * n), shifted(room, 7 * n), shifted(room, 8 * n)
    for i in range(n):
        more[1][i] = 0.0
    log = shifted(room, 9 * n), words(held + 8 * (9 * n + most * wide)), True
    out = room, room, rows, room
    back = given(frame, MARKS, 2, lane), given(frame, DUE_RESERVES, 2, lane), given(frame, DUE_FEES, 1, lane)
    grads, columns = cleared(frame, spec, start, lane), columns_of(frame, spec, start, lane)
    backward(spec, market, columns, blocks_of(frame, lane), rows, visits, back, vectors_in(room, n), more, log, out, grads)
    release(held)
    return 0


@cfunc(task, error_model="numpy")
@no_type_check
def helper(job):
    """Takes lanes until none is left, then lets go of the job. One that starts late finds nothing and touches nothing else."""
    state, place = words(job), allocate(16)
    call, lane = words(place), fetch_add(job + 8 * NEXT, 1)
    while lane < state[LANES]:
        call[0], call[1] = state[FRAME], lane
        invoke(state[TASK], place)
        fetch_add(job + 8 * DONE, 1)
        lane = fetch_add(job + 8 * NEXT, 1)
    release(place)
    if fetch_add(job + 8 * HOLDERS, -1) == 1:
        release(job)
    return 0


@compiled
@no_type_check
def enlist(frame, job, count):
    """Asks XLA's threads to help, no more of them than there are, and fewer than lanes. Without threads the caller is alone."""
    head, room = words(frame), allocate(48)
    ask, api = words(room), words(head[f.API])
    ask[0], ask[1], ask[2], ask[3], ask[5] = 32, 0, head[f.CONTEXT], room + 40, 1
    failure = invoke(api[f.THREADS], room)
    helpers = 0 if failure else min(ask[5], count) - 1
    for _ in range(helpers):
        fetch_add(job + 8 * HOLDERS, 1)
        ask[0], ask[1], ask[2], ask[3], ask[4] = 40, 0, head[f.CONTEXT], helper_task(), job
        failure = invoke(api[f.SCHEDULE], room)
        if failure:
            fetch_add(job + 8 * HOLDERS, -1)
            break
    if failure:
        ask[0], ask[1], ask[2] = 24, 0, failure
        invoke(api[f.ERROR_DESTROY], room)
    release(room)


@compiled
@no_type_check
def execute(frame, count, work):
    """All lanes: the caller works, too, and waits for those that others have begun."""
    job = allocate(8 * JOB_WORDS)
    state = words(job)
    state[NEXT], state[DONE], state[HOLDERS], state[LANES], state[FRAME], state[TASK] = 0, 0, 2, count, frame, work
    if count > 1:
        enlist(frame, job, count)
    invoke(helper_task(), job)
    while fetch_add(job + 8 * DONE, 0) < count:
        rest()
    if fetch_add(job + 8 * HOLDERS, -1) == 1:
        release(job)


@cfunc(task, error_model="numpy")
@no_type_check
def handle(frame):
    """What XLA calls: with as many results as the forward or the backward loop has."""
    head = words(frame)
    if head[f.EXTENSION] != 0:
        extension = words(head[f.EXTENSION])
        if extension[f.EXTENSION_TYPE] & 0xFFFFFFFF == f.METADATA:
            words(extension[f.EXTENSION_METADATA])[f.METADATA_VERSION] = f.API_VERSION
            return 0
    if head[f.STAGE] & 0xFFFFFFFF != f.EXECUTE:
        return 0
    shape = buffer(frame, f.RESULTS, 0)
    count, dims = 1, words(shape[f.DIMS])
    for axis in range(shape[f.RANK] - 2):
        count *= dims[axis]
    execute(frame, count, forward_task() if head[f.RESULTS + f.COUNT] == 4 else backward_task())
    return 0
