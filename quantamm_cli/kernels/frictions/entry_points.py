"""The minute loop of one lane: from the operands and results of ``jax_ops`` to ``loop``."""

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
from quantamm_cli.kernels.threads import asked, entry, flagged, given, listed
from quantamm_cli.kernels.xla_ffi_layout import ARGUMENTS, RESULTS

SPEC, NAMED, PRICES, START, STARTS, SLOPES, STOPS, OPENING, FEE, GAS, ARB, SPLIT, NOISE, SUPPLY = (
    range(14)
)
PAY, TAKE, AMOUNT, EXACT_OUT, MARKS, DUE_RESERVES, DUE_FEES = range(14, 21)
"""Operands, those of trades and those of the backward loop."""


@compiled
@no_type_check
def spec_of(frame, lane):
    """The spec and the rows asked for, and how many visits there are."""
    spec = shifted(listed(frame, ARGUMENTS, SPEC, 1, lane), s.TOLD)
    return (
        spec,
        listed(frame, ARGUMENTS, NAMED, 1, lane),
        (spec[s.LENGTH] - 1) // loop.step_of(spec) + 1,
    )


@compiled
@no_type_check
def market_of(frame, spec, lane):
    """Prices, supply and trades, from the window's first row on."""
    start = WORD(listed(frame, ARGUMENTS, START, 0, lane)[0])
    skipped = start * spec[s.TRADES]
    pay = shifted(listed(frame, ARGUMENTS, PAY, 2, lane), skipped)
    take = shifted(listed(frame, ARGUMENTS, TAKE, 2, lane), skipped)
    amount = shifted(given(frame, AMOUNT, 2, lane), skipped)
    exact_out = shifted(flagged(frame, EXACT_OUT, 2, lane), skipped)
    prices, supply = given(frame, PRICES, 2, lane), given(frame, SUPPLY, 1, lane)
    return start, (
        shifted(prices, start * spec[s.ASSETS]),
        shifted(supply, start),
        pay,
        take,
        amount,
        exact_out,
    )


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
    return (
        given(frame, STARTS, 2, lane),
        given(frame, SLOPES, 2, lane),
        given(frame, STOPS, 1, lane),
    )


@compiled
@no_type_check
def vectors_in(room, n):
    """Five vectors to work in."""
    return room, shifted(room, n), shifted(room, 2 * n), shifted(room, 3 * n), shifted(room, 4 * n)


@entry
@no_type_check
def forward(call):
    """One lane, forward."""
    frame, lane = words(call)[0], words(call)[1]
    spec, rows, visits = spec_of(frame, lane)
    start, market = market_of(frame, spec, lane)
    n = spec[s.ASSETS]
    held = allocate(8 * 6 * n)
    room = floats(held)
    reserves, opening = shifted(room, 5 * n), given(frame, OPENING, 1, lane)
    for i in range(n):
        reserves[i] = opening[i]
    refused = listed(frame, RESULTS, 2, 1, lane)
    out = asked(frame, 0, 2, lane), asked(frame, 1, 1, lane), refused, asked(frame, 3, 2, lane)
    columns, log = columns_of(frame, spec, start, lane), (room, words(held), WORD(0))
    loop.stretch(
        spec,
        market,
        columns,
        blocks_of(frame, lane),
        rows,
        WORD(0),
        visits,
        reserves,
        vectors_in(room, n),
        log,
        out,
    )
    release(held)
    return 0


@compiled
@no_type_check
def cleared(frame, spec, start, lane):
    """The gradients, zero: those of columns from the window's first row on."""
    n, t = spec[s.ASSETS], spec[s.ROWS] - 1
    wide = spec[s.BLOCKS] * n
    to_starts, to_slopes, to_opening = (
        asked(frame, 0, 2, lane),
        asked(frame, 1, 2, lane),
        asked(frame, 2, 1, lane),
    )
    to_fee, to_split, to_noise = (
        asked(frame, 3, 1, lane),
        asked(frame, 4, 1, lane),
        asked(frame, 5, 1, lane),
    )
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


@entry
@no_type_check
def backward(call):
    """One lane, backward."""
    frame, lane = words(call)[0], words(call)[1]
    spec, rows, visits = spec_of(frame, lane)
    start, market = market_of(frame, spec, lane)
    n = spec[s.ASSETS]
    most, wide = s.SEGMENT * (2 + spec[s.TRADES]), 3 * n + 3
    held = allocate(8 * (9 * n + most * (wide + 2)))
    room = floats(held)
    more = shifted(room, 5 * n), shifted(room, 6 * n), shifted(room, 7 * n), shifted(room, 8 * n)
    for i in range(n):
        more[1][i] = 0.0
    log = shifted(room, 9 * n), words(held + 8 * (9 * n + most * wide)), WORD(1)
    out = room, room, rows, room
    back = (
        given(frame, MARKS, 2, lane),
        given(frame, DUE_RESERVES, 2, lane),
        given(frame, DUE_FEES, 1, lane),
    )
    grads, columns = cleared(frame, spec, start, lane), columns_of(frame, spec, start, lane)
    loop.backward(
        spec,
        market,
        columns,
        blocks_of(frame, lane),
        rows,
        visits,
        back,
        vectors_in(room, n),
        more,
        log,
        out,
        grads,
    )
    release(held)
    return 0
