"""The loop over minutes of one lane, forward and backward.

``spec`` are the integers of ``spec.FIELDS``. ``market`` is (prices, supply, pay, take, amount,
exact out) and ``columns`` (fee, gas, arbitrage fee, split, noise ratio), from row 0 of the window
on. ``blocks`` is (starts, slopes, stops). All are pointers.

A visit is a row that is gone through: every row where minutes bring more than prices, else every
``every``-th. Forward marks the reserves before every SEGMENT-th visit; backward runs each segment
again from its mark, keeps its events, trades of the arbitrageur and given ones, and goes through
them in reverse.
"""

import math
from typing import no_type_check

from quantamm_cli.kernels.frictions import spec as s
from quantamm_cli.kernels.frictions.arbitrage import done, sought, undone
from quantamm_cli.kernels.frictions.swaps import swapped, unswapped
from quantamm_cli.kernels.frictions.weights import weights_at, weights_back
from quantamm_cli.kernels.intrinsics import WORD, compiled, inlined, shifted

OLD, NEW, GIVEN = 0, 1, 2
"""What an event is: an arbitrage at the weights of the visit before or of this one,
a given trade by its place.
"""


@inlined
@no_type_check
def step_of(spec):
    """Rows from one visit to the next."""
    return 1 if spec[s.STIRRED] else spec[s.EVERY]


@inlined
@no_type_check
def wanted(spec, rows, j):
    """The j-th row asked for; all are if none is named."""
    return rows[j] if spec[s.NAMED] else j


@inlined
@no_type_check
def costs_of(spec, columns, t, lg):
    """Frictions of a minute, as ``arbitrage`` takes them."""
    fee, gas, arb_fee, split, noise = columns
    tested, noisy = spec[s.TESTED] != 0, spec[s.NOISY] != 0
    trading = (
        fee[t * spec[s.FEE_STEP]],
        lg,
        gas[t * spec[s.GAS_STEP]],
        arb_fee[t * spec[s.ARB_STEP]],
        tested,
    )
    return (*trading, split[t * spec[s.SPLIT_STEP]], noise[t * spec[s.NOISE_STEP]], noisy)


@inlined
@no_type_check
def weigh(spec, blocks, block, minute, w, n):
    """Weights of a minute of a block."""
    starts, slopes, stops = blocks
    weights_at(
        starts,
        slopes,
        stops,
        spec[s.STOPS] != 0,
        block,
        minute,
        spec[s.PERIOD],
        spec[s.METHOD],
        w,
        n,
    )


@compiled
@no_type_check
def arbitraged(reserves, w, v, p, costs, pairs, room, log, count, t, kind, n):
    """One arbitrage: its fees, and how many events there are now;
    kept is what it found, and what it found it in.
    """
    y, act, paid = room
    events, stamps, keeps = log
    happens, x, mu, total = sought(reserves, w, v, p, costs, pairs, y, act, n)
    if not happens:
        return 0.0, count
    if keeps:
        stamps[2 * count], stamps[2 * count + 1] = t, kind
        event = shifted(events, count * (3 * n + 3))
        for i in range(n):
            event[i], event[n + i], event[2 * n + i] = reserves[i], y[i], act[i]
        event[3 * n], event[3 * n + 1], event[3 * n + 2] = x, mu, total
        count += 1
    return done(reserves, w, p, costs, act, mu, paid, n), count


@compiled
@no_type_check
def given(reserves, w, p, costs, market, places, t, log, count, n):
    """A minute's given trades: their fees, how many were refused,
    and how many events there are now.
    """
    pays, takes, amounts, exact_out = market[2], market[3], market[4], market[5]
    events, stamps, keeps = log
    fees, refused = 0.0, 0
    for k in range(places):
        at = t * places + k
        pay, take, amount = pays[at], takes[at], amounts[at]
        if pay < 0 or not amount > 0.0:
            continue
        before, after = reserves[pay], reserves[take]
        paid, bad = swapped(reserves, w, costs[0], costs[5], pay, take, amount, exact_out[at] != 0)
        if bad:
            refused += 1
            continue
        fees += paid * costs[0] * (1 - costs[5]) * p[pay]
        if keeps:
            stamps[2 * count], stamps[2 * count + 1] = t, GIVEN + k
            events[count * (3 * n + 3)], events[count * (3 * n + 3) + 1] = before, after
            count += 1
    return fees, refused, count


@compiled
@no_type_check
def stretch(spec, market, columns, blocks, rows, first, last, reserves, vectors, log, out):
    """Visits [first, last) from reserves ``reserves``, which change in place; writes ``out``, or
    keeps a log and gives its length.
    """
    n, step, chunk, asked = spec[s.ASSETS], step_of(spec), spec[s.CHUNK], spec[s.ASKED]
    moves, pairs, places, growing = (
        spec[s.MOVES] != 0,
        spec[s.PAIRS] != 0,
        spec[s.TRADES],
        spec[s.GROWING] != 0,
    )
    comes, sparse = spec[s.HAPPENS] != 0, spec[s.STIRRED] != 0 and spec[s.EVERY] > 1
    prices, supply = market[0], market[1]
    w, v, y, act, paid = vectors
    reserves_at, fees_at, refused_at, marks = out
    writes, room = not log[2], (y, act, paid)
    j, count, fees, refused = 0, 0, 0.0, 0
    before = max(first * step - step, 0)
    weigh(spec, blocks, before // chunk, before % chunk, w, n)
    for i in range(n):
        v[i] = 1 / w[i]
    block, minute = (first * step) // chunk, (first * step) % chunk
    fee, lg = -1.0, 0.0
    for m in range(first, last):
        t = m * step
        p = shifted(prices, t * n)
        if writes and m % s.SEGMENT == 0:
            for i in range(n):
                marks[m // s.SEGMENT * n + i] = reserves[i]
        if growing and t > 0:
            for i in range(n):
                reserves[i] *= supply[t] / supply[t - 1]
        if columns[0][t * spec[s.FEE_STEP]] != fee:
            fee = columns[0][t * spec[s.FEE_STEP]]
            lg = math.log(1 - fee)
        costs = costs_of(spec, columns, t, lg)
        open_now = comes and minute < spec[s.OPEN_FOR] and not (sparse and t % spec[s.EVERY] != 0)
        if open_now:
            more, count = arbitraged(
                reserves, w, v, p, costs, pairs, room, log, count, t, WORD(OLD), n
            )
            fees += more
        if moves:
            weigh(spec, blocks, block, minute, w, n)
            for i in range(n):
                v[i] = 1 / w[i]
        if places:
            more, bad, count = given(reserves, w, p, costs, market, places, t, log, count, n)
            fees += more
            refused += bad
        if moves and open_now:
            more, count = arbitraged(
                reserves, w, v, p, costs, pairs, room, log, count, t, WORD(NEW), n
            )
            fees += more
        while writes and j < asked and wanted(spec, rows, j) < t + step:
            for i in range(n):
                reserves_at[j * n + i] = reserves[i]
            fees_at[j], refused_at[j] = fees, refused
            fees, refused = 0.0, 0
            j += 1
        minute += step
        while minute >= chunk:
            minute -= chunk
            block += 1
    return count


@compiled
@no_type_check
def reversed_event(e, spec, market, costs, blocks, log, w, a, due, to_w, after, grads):
    """The adjoint of one event: cotangents of the fee, the split and the noise ratio are returned,
    the others are added up in place.
    """
    n, chunk, places = spec[s.ASSETS], spec[s.CHUNK], spec[s.TRADES]
    starts, slopes, stops = blocks
    t, kind, event = log[1][2 * e], log[1][2 * e + 1], shifted(log[0], e * (3 * n + 3))
    p = shifted(market[0], t * n)
    held = max(t - step_of(spec), 0) if kind == OLD else t
    weigh(spec, blocks, held // chunk, held % chunk, w, n)
    if kind < GIVEN:
        y, act = shifted(event, n), shifted(event, 2 * n)
        x, mu, total = event[3 * n], event[3 * n + 1], event[3 * n + 2]
        to_fee, to_split, to_noise = undone(
            event, w, p, costs, act, y, x, mu, total, a, due, to_w, after, n
        )
    else:
        at = t * places + kind - GIVEN
        for i in range(n):
            to_w[i] = 0.0
        to_noise = 0.0
        trade = market[2][at], market[3][at], market[4][at], market[5][at] != 0
        to_fee, to_split = unswapped(
            event[0], event[1], w, p, costs[0], costs[5], *trade, a, due, to_w
        )
    early, period, method = spec[s.STOPS] != 0, spec[s.PERIOD], spec[s.METHOD]
    weights_back(
        starts,
        slopes,
        stops,
        early,
        held // chunk,
        held % chunk,
        period,
        method,
        to_w,
        grads[0],
        grads[1],
        w,
        n,
    )
    return to_fee, to_split, to_noise


@compiled
@no_type_check
def backward(
    spec, market, columns, blocks, rows, visits, given_back, vectors, more, log, out, grads
):
    """The adjoint of all visits; every gradient in ``grads`` is zero before.

    ``given_back`` is (marks, cotangents of reserves, cotangents of fees).
    """
    marks, due_reserves, due_fees = given_back
    w = vectors[0]
    reserves, a, to_w, after = more
    supply, stamps, growing = market[1], log[1], spec[s.GROWING] != 0
    n, step, due, j = spec[s.ASSETS], step_of(spec), 0.0, spec[s.ASKED] - 1
    fee, lg = -1.0, 0.0
    for segment in range((visits - 1) // s.SEGMENT, -1, -1):
        first, last = segment * s.SEGMENT, min(segment * s.SEGMENT + s.SEGMENT, visits)
        for i in range(n):
            reserves[i] = marks[segment * n + i]
        e = (
            stretch(spec, market, columns, blocks, rows, first, last, reserves, vectors, log, out)
            - 1
        )
        for m in range(last - 1, first - 1, -1):
            t = m * step
            while j >= 0 and wanted(spec, rows, j) >= t:
                for i in range(n):
                    a[i] += due_reserves[j * n + i]
                due = due_fees[j]
                j -= 1
            while e >= 0 and stamps[2 * e] == t:
                if columns[0][t * spec[s.FEE_STEP]] != fee:
                    fee = columns[0][t * spec[s.FEE_STEP]]
                    lg = math.log(1 - fee)
                costs = costs_of(spec, columns, t, lg)
                to_fee, to_split, to_noise = reversed_event(
                    e, spec, market, costs, blocks, log, w, a, due, to_w, after, grads
                )
                if spec[s.TO_FEE]:
                    grads[3][t * spec[s.FEE_STEP]] += to_fee
                if spec[s.TO_SPLIT]:
                    grads[4][t * spec[s.SPLIT_STEP]] += to_split
                if spec[s.TO_NOISE]:
                    grads[5][t * spec[s.NOISE_STEP]] += to_noise
                e -= 1
            if growing and t > 0:
                for i in range(n):
                    a[i] *= supply[t] / supply[t - 1]
    for i in range(n):
        grads[2][i] = a[i]
