"""Reads XLA's call frame, runs the task once for each lane, and spreads lanes over XLA's threads.

Operands and results may have leading axes of lanes, all the same number of them. Along such an axis
an operand has the size of the lanes, or one if it is shared. The first operand is a list of
integers: the task, the number of axes of its first result, and the task's own integers.
"""

from typing import no_type_check

from numba import cfunc, types

from quantamm_cli.kernels import xla_ffi_layout as f
from quantamm_cli.kernels.intrinsics import (
    FLOATS,
    INTEGERS,
    OCTETS,
    WORD,
    WORDS,
    allocate,
    compiled,
    fetch_add,
    floats,
    integers,
    invoke,
    octets,
    release,
    symbols,
    typed,
    words,
)
from quantamm_cli.kernels.tasks import NAME, TASKS

NEXT, DONE, HOLDERS, LANES, FRAME, TASK, JOB_WORDS = range(7)
"""The words of a job: the next lane, the lanes done, the references to it, the number of lanes, the
call frame, the function that does one lane.
"""

entry = cfunc(types.int64(types.int64), error_model="numpy", fastmath={"contract"})
"""Compiles a function that is called by address, with one word."""
yield_thread = types.ExternalFunction("sched_yield", types.int32())
HELPER = len(TASKS)
address_of = symbols(tuple(f"{NAME}_{name}" for name in (*TASKS, "helper")))


@typed(WORDS, 3)
@no_type_check
def buffer(frame, kind, index):
    """The words of the buffer of an argument or a result."""
    return words(words(words(frame)[kind + f.ITEMS])[index])


@typed(WORD, 4)
@no_type_check
def axis_size(frame, kind, index, axis):
    """The size of an argument or a result along an axis, counted from the end."""
    array = buffer(frame, kind, index)
    return words(array[f.DIMS])[array[f.RANK] - axis]


@typed(WORD, 6)
@no_type_check
def lane_address(frame, kind, index, axes, lane, width):
    """The address at which a lane's part of a buffer begins.

    ``axes`` is the number of axes besides those of lanes, ``width`` the bytes of one number.
    """
    array, first_result = buffer(frame, kind, index), buffer(frame, f.RESULTS, 0)
    dims, lanes = words(array[f.DIMS]), words(first_result[f.DIMS])
    leading, stride, offset = array[f.RANK] - axes, 1, 0
    for axis in range(axes):
        stride *= dims[leading + axis]
    for down in range(leading):
        axis = leading - 1 - down
        if dims[axis] > 1:
            offset += lane % lanes[axis] * stride
        lane //= lanes[axis]
        stride *= dims[axis]
    return array[f.DATA] + width * offset


@typed(FLOATS, 4)
@no_type_check
def operand(frame, index, axes, lane):
    """A lane's part of an operand of floats."""
    return floats(lane_address(frame, f.ARGUMENTS, index, axes, lane, 8))


@typed(FLOATS, 4)
@no_type_check
def result(frame, index, axes, lane):
    """A lane's part of a result of floats."""
    return floats(lane_address(frame, f.RESULTS, index, axes, lane, 8))


@typed(INTEGERS, 5)
@no_type_check
def integer_part(frame, kind, index, axes, lane):
    """A lane's part of an operand (or a result, by ``kind``) of integers."""
    return integers(lane_address(frame, kind, index, axes, lane, 4))


@typed(OCTETS, 4)
@no_type_check
def flag_operand(frame, index, axes, lane):
    """A lane's part of an operand of truth values."""
    return octets(lane_address(frame, f.ARGUMENTS, index, axes, lane, 1))


@entry
@no_type_check
def helper(job):
    """Runs lanes until none is left, then releases its reference to the job.

    A thread that starts late finds no lane left and touches nothing else.
    """
    state, memory = words(job), allocate(16)
    call, lane = words(memory), fetch_add(job + 8 * NEXT, 1)
    while lane < state[LANES]:
        call[0], call[1] = state[FRAME], lane
        invoke(state[TASK], memory)
        fetch_add(job + 8 * DONE, 1)
        lane = fetch_add(job + 8 * NEXT, 1)
    release(memory)
    if fetch_add(job + 8 * HOLDERS, -1) == 1:
        release(job)
    return 0


@compiled
@no_type_check
def enlist(frame, job, count):
    """Schedules helpers on XLA's threads: at most one a thread, and one fewer than lanes.

    Where XLA has no threads the caller does all lanes.
    """
    head, memory = words(frame), allocate(48)
    request, api = words(memory), words(head[f.API])
    request[0], request[1], request[2] = 32, 0, head[f.CONTEXT]
    request[3], request[5] = memory + 40, 1
    failure = invoke(api[f.THREADS], memory)
    helpers = 0
    if not failure:
        helpers = min(request[5], count) - 1
    for _ in range(helpers):
        fetch_add(job + 8 * HOLDERS, 1)
        request[0], request[1], request[2] = 40, 0, head[f.CONTEXT]
        request[3], request[4] = address_of(HELPER), job
        failure = invoke(api[f.SCHEDULE], memory)
        if failure:
            fetch_add(job + 8 * HOLDERS, -1)
            break
    if failure:
        request[0], request[1], request[2] = 24, 0, failure
        invoke(api[f.ERROR_DESTROY], memory)
    release(memory)


@compiled
@no_type_check
def execute(frame, count, task):
    """Runs all lanes: the caller works, too, then waits for the lanes that helpers have begun."""
    job = allocate(8 * JOB_WORDS)
    state = words(job)
    state[NEXT], state[DONE], state[HOLDERS] = 0, 0, 2
    state[LANES], state[FRAME], state[TASK] = count, frame, task
    if count > 1:
        enlist(frame, job, count)
    invoke(address_of(HELPER), job)
    while fetch_add(job + 8 * DONE, 0) < count:
        yield_thread()
    if fetch_add(job + 8 * HOLDERS, -1) == 1:
        release(job)


@entry
@no_type_check
def handle(frame):
    """The function that XLA calls: answers with the version, or executes the task."""
    head = words(frame)
    if head[f.EXTENSION] != 0:
        extension = words(head[f.EXTENSION])
        if extension[f.EXTENSION_TYPE] & 0xFFFFFFFF == f.METADATA:
            words(extension[f.EXTENSION_METADATA])[f.METADATA_VERSION] = f.API_VERSION
            return 0
    if head[f.STAGE] & 0xFFFFFFFF != f.EXECUTE:
        return 0
    spec = integers(buffer(frame, f.ARGUMENTS, 0)[f.DATA])
    first_result = buffer(frame, f.RESULTS, 0)
    count, dims = 1, words(first_result[f.DIMS])
    for axis in range(first_result[f.RANK] - spec[1]):
        count *= dims[axis]
    execute(frame, count, address_of(spec[0]))
    return 0
