"""From XLA's call frame to the task of each lane, and lanes to XLA's own threads.

Operands and results may have leading axes of lanes, all the same number of them; along each an
operand has the lanes' size, or one if it is shared. The first operand is a list of integers: which
task it is, the axes of its first result, and the task's own.
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
"""A job: the next lane, lanes done, who still holds it, how many lanes, the call frame, the
function that does one lane.
"""

entry = cfunc(types.int64(types.int64), error_model="numpy", fastmath={"contract"})
"""What is called by address, with one word."""
rest = types.ExternalFunction("sched_yield", types.int32())
HELPER = len(TASKS)
address_of = symbols(tuple(f"{NAME}_{name}" for name in (*TASKS, "helper")))


@typed(WORDS, 3)
@no_type_check
def buffer(frame, kind, index):
    """The words of an argument or result."""
    return words(words(words(frame)[kind + f.ITEMS])[index])


@typed(WORD, 4)
@no_type_check
def size(frame, kind, index, axis):
    """Its size along one of its last axes, counted from the end."""
    found = buffer(frame, kind, index)
    return words(found[f.DIMS])[found[f.RANK] - axis]


@typed(WORD, 6)
@no_type_check
def place(frame, kind, index, axes, lane, width):
    """Where a lane's part of it begins; ``axes`` is how many it has besides those of lanes,
    ``width`` its numbers' bytes.
    """
    found, shape = buffer(frame, kind, index), buffer(frame, f.RESULTS, 0)
    dims, lanes = words(found[f.DIMS]), words(shape[f.DIMS])
    leading, stride, offset = found[f.RANK] - axes, 1, 0
    for axis in range(axes):
        stride *= dims[leading + axis]
    for down in range(leading):
        axis = leading - 1 - down
        if dims[axis] > 1:
            offset += lane % lanes[axis] * stride
        lane //= lanes[axis]
        stride *= dims[axis]
    return found[f.DATA] + width * offset


@typed(FLOATS, 4)
@no_type_check
def given(frame, index, axes, lane):
    """A lane's part of an operand of floats."""
    return floats(place(frame, f.ARGUMENTS, index, axes, lane, 8))


@typed(FLOATS, 4)
@no_type_check
def asked(frame, index, axes, lane):
    """A lane's part of a result of floats."""
    return floats(place(frame, f.RESULTS, index, axes, lane, 8))


@typed(INTEGERS, 5)
@no_type_check
def listed(frame, kind, index, axes, lane):
    """A lane's part of integers."""
    return integers(place(frame, kind, index, axes, lane, 4))


@typed(OCTETS, 4)
@no_type_check
def flagged(frame, index, axes, lane):
    """A lane's part of an operand of truth values."""
    return octets(place(frame, f.ARGUMENTS, index, axes, lane, 1))


@entry
@no_type_check
def helper(job):
    """Takes lanes until none is left, then lets go of the job.

    One that starts late finds nothing and touches nothing else.
    """
    state, held = words(job), allocate(16)
    call, lane = words(held), fetch_add(job + 8 * NEXT, 1)
    while lane < state[LANES]:
        call[0], call[1] = state[FRAME], lane
        invoke(state[TASK], held)
        fetch_add(job + 8 * DONE, 1)
        lane = fetch_add(job + 8 * NEXT, 1)
    release(held)
    if fetch_add(job + 8 * HOLDERS, -1) == 1:
        release(job)
    return 0


@compiled
@no_type_check
def enlist(frame, job, count):
    """Asks XLA's threads to help, no more of them than there are, and fewer than lanes.

    Without threads the caller is alone.
    """
    head, room = words(frame), allocate(48)
    ask, api = words(room), words(head[f.API])
    ask[0], ask[1], ask[2], ask[3], ask[5] = 32, 0, head[f.CONTEXT], room + 40, 1
    failure = invoke(api[f.THREADS], room)
    helpers = 0 if failure else min(ask[5], count) - 1
    for _ in range(helpers):
        fetch_add(job + 8 * HOLDERS, 1)
        ask[0], ask[1], ask[2], ask[3], ask[4] = 40, 0, head[f.CONTEXT], address_of(HELPER), job
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
def execute(frame, count, task):
    """All lanes: the caller works, too, and waits for those that others have begun."""
    job = allocate(8 * JOB_WORDS)
    state = words(job)
    state[NEXT], state[DONE], state[HOLDERS], state[LANES], state[FRAME], state[TASK] = (
        0,
        0,
        2,
        count,
        frame,
        task,
    )
    if count > 1:
        enlist(frame, job, count)
    invoke(address_of(HELPER), job)
    while fetch_add(job + 8 * DONE, 0) < count:
        rest()
    if fetch_add(job + 8 * HOLDERS, -1) == 1:
        release(job)


@entry
@no_type_check
def handle(frame):
    """What XLA calls."""
    head = words(frame)
    if head[f.EXTENSION] != 0:
        extension = words(head[f.EXTENSION])
        if extension[f.EXTENSION_TYPE] & 0xFFFFFFFF == f.METADATA:
            words(extension[f.EXTENSION_METADATA])[f.METADATA_VERSION] = f.API_VERSION
            return 0
    if head[f.STAGE] & 0xFFFFFFFF != f.EXECUTE:
        return 0
    told = integers(buffer(frame, f.ARGUMENTS, 0)[f.DATA])
    shape = buffer(frame, f.RESULTS, 0)
    count, dims = 1, words(shape[f.DIMS])
    for axis in range(shape[f.RANK] - told[1]):
        count *= dims[axis]
    execute(frame, count, address_of(told[0]))
    return 0
