"""The tasks of the minute loop: one lane, from the operands and results of ``jax_ops``."""

from typing import no_type_check

from quantamm_cli.kernels.frictions import loop
from quantamm_cli.kernels.frictions import spec as s
from quantamm_cli.kernels.intrinsics import (
    WORD,
    allocate,
    compiled,
    floats,
    release,
    shifted,
    words,
)
from quantamm_cli.kernels.threads import entry, flag_operand, integer_part, operand, result
from quantamm_cli.kernels.xla_ffi_layout import ARGUMENTS, RESULTS

SPEC, NAMED, PRICES, START, PHASE, STARTS, SLOPES, STOPS, OPENING = range(9)
FEE, GAS, ARB, SPLIT, NOISE, SUPPLY = range(9, 15)
PAY, TAKE, AMOUNT, EXACT_OUT, MARKS, CT_RESERVES, CT_FEES = range(15, 22)
"""Positions of operands; the last three are of the backward loop only."""


@compiled
@no_type_check
def spec_of(frame, lane):
    """The spec, the list of requested rows, and the number of visits."""
    spec = shifted(integer_part(frame, ARGUMENTS, SPEC, 1, lane), s.HEADER)
    visits = (spec[s.LENGTH] - 1) // loop.step_of(spec) + 1
    return spec, integer_part(frame, ARGUMENTS, NAMED, 1, lane), visits


@compiled
@no_type_check
def market_of(frame, spec, lane):
    """Prices, supply and trades, from the window's first row on."""
    start = WORD(integer_part(frame, ARGUMENTS, START, 0, lane)[0])
    skipped = start * spec[s.TRADES]
    pay = shifted(integer_part(frame, ARGUMENTS, PAY, 2, lane), skipped)
    take = shifted(integer_part(frame, ARGUMENTS, TAKE, 2, lane), skipped)
    amount = shifted(operand(frame, AMOUNT, 2, lane), skipped)
    exact_out = shifted(flag_operand(frame, EXACT_OUT, 2, lane), skipped)
    prices = shifted(operand(frame, PRICES, 2, lane), start * spec[s.ASSETS])
    supply = shifted(operand(frame, SUPPLY, 1, lane), start)
    return start, (prices, supply, pay, take, amount, exact_out)


@compiled
@no_type_check
def columns_of(frame, spec, start, lane):
    """Frictions, from the window's first row on."""
    return (
        shifted(operand(frame, FEE, 1, lane), start * spec[s.FEE_STEP]),
        shifted(operand(frame, GAS, 1, lane), start * spec[s.GAS_STEP]),
        shifted(operand(frame, ARB, 1, lane), start * spec[s.ARB_STEP]),
        shifted(operand(frame, SPLIT, 1, lane), start * spec[s.SPLIT_STEP]),
        shifted(operand(frame, NOISE, 1, lane), start * spec[s.NOISE_STEP]),
    )


@compiled
@no_type_check
def blocks_of(frame, lane):
    """Starts, slopes and stops, and the minutes since the first block began."""
    return (
        operand(frame, STARTS, 2, lane),
        operand(frame, SLOPES, 2, lane),
        operand(frame, STOPS, 1, lane),
        WORD(integer_part(frame, ARGUMENTS, PHASE, 0, lane)[0]),
    )


@compiled
@no_type_check
def vectors_in(work, n):
    """Five work vectors."""
    return work, shifted(work, n), shifted(work, 2 * n), shifted(work, 3 * n), shifted(work, 4 * n)


@entry
@no_type_check
def forward(call):
    """One lane of the loop."""
    frame, lane = words(call)[0], words(call)[1]
    spec, rows, visits = spec_of(frame, lane)
    start, market = market_of(frame, spec, lane)
    n = spec[s.ASSETS]
    memory = allocate(8 * 6 * n)
    work = floats(memory)
    reserves, opening = shifted(work, 5 * n), operand(frame, OPENING, 1, lane)
    for i in range(n):
        reserves[i] = opening[i]
    refused = integer_part(frame, RESULTS, 2, 1, lane)
    volumes = result(frame, 3, 1, lane), result(frame, 4, 1, lane)
    columns_out = result(frame, 0, 2, lane), result(frame, 1, 1, lane), refused
    out = (*columns_out, result(frame, 5, 2, lane), *volumes)
    columns, log = columns_of(frame, spec, start, lane), (work, words(memory), WORD(0))
    visited = spec[s.BEGUN], visits, reserves
    loop.run_visits(
        spec, market, columns, blocks_of(frame, lane), rows, *visited, vectors_in(work, n), log, out
    )
    release(memory)
    return 0


@compiled
@no_type_check
def cleared(frame, spec, start, lane):
    """The gradients, set to zero; those of columns begin at the window's first row."""
    t = spec[s.ROWS] - 1
    to_starts, to_slopes = result(frame, 0, 2, lane), result(frame, 1, 2, lane)
    to_opening, to_fee = result(frame, 2, 1, lane), result(frame, 3, 1, lane)
    to_split, to_noise = result(frame, 4, 1, lane), result(frame, 5, 1, lane)
    for i in range(spec[s.BLOCKS] * spec[s.ASSETS]):
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


@entry
@no_type_check
def backward(call):
    """One lane of the adjoint of the loop."""
    frame, lane = words(call)[0], words(call)[1]
    spec, rows, visits = spec_of(frame, lane)
    start, market = market_of(frame, spec, lane)
    n = spec[s.ASSETS]
    events, width = s.SEGMENT * (2 + spec[s.TRADES]), 3 * n + 3
    memory = allocate(8 * (9 * n + events * (width + 2)))
    work = floats(memory)
    reserves, ct = shifted(work, 5 * n), shifted(work, 6 * n)
    more = reserves, ct, shifted(work, 7 * n), shifted(work, 8 * n)
    for i in range(n):
        ct[i] = 0.0
    log = shifted(work, 9 * n), words(memory + 8 * (9 * n + events * width)), WORD(1)
    unused = work, work, rows, work, work, work
    marks, ct_reserves = operand(frame, MARKS, 2, lane), operand(frame, CT_RESERVES, 2, lane)
    inputs = marks, ct_reserves, operand(frame, CT_FEES, 1, lane)
    grads, columns = cleared(frame, spec, start, lane), columns_of(frame, spec, start, lane)
    blocks, vectors = blocks_of(frame, lane), vectors_in(work, n)
    loop.backward(
        spec, market, columns, blocks, rows, visits, inputs, vectors, more, log, unused, grads
    )
    release(memory)
    return 0
