"""The loop over minutes of one lane, forward and backward.

``spec`` are the integers of ``spec.FIELDS``. ``market`` is (prices, supply, pay, take, amount,
exact out) and ``columns`` (fee, gas, arbitrage fee, split, noise ratio), from row 0 of the window
on. ``blocks`` is (starts, slopes, stops). ``log`` is (events, stamps, whether to record). All are
pointers.

A visit is a row that the loop computes: every row if there are trades or an LP supply, else every
``every``-th. Forward stores the reserves before every SEGMENT-th visit; backward runs each segment
again from there, records its events (arbitrages and external trades), and goes through them in
reverse.
"""

import math
from typing import no_type_check

from quantamm_cli.kernels.frictions import spec as s
from quantamm_cli.kernels.frictions.arbitrage import apply_trade, apply_trade_back, best_trade
from quantamm_cli.kernels.frictions.swaps import apply_swap, apply_swap_back
from quantamm_cli.kernels.frictions.weights import weights_at, weights_back
from quantamm_cli.kernels.intrinsics import WORD, compiled, inlined, shifted

OLD, NEW, TRADE = 0, 1, 2
"""Kinds of events: an arbitrage at the weights of the visit before, one at the weights of this
visit, and (from ``TRADE`` on) the external trades by their position in the minute.
"""


@inlined
@no_type_check
def step_of(spec):
    """Rows from one visit to the next."""
    if spec[s.HAS_FLOWS]:
        return 1
    return spec[s.EVERY]


@inlined
@no_type_check
def requested_row(spec, rows, j):
    """The j-th requested row; without a list of rows all are requested."""
    if spec[s.NAMED]:
        return rows[j]
    return j


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
def load_weights(spec, blocks, block, minute, w, n):
    """Writes to ``w`` the weights of a minute of a block."""
    starts, slopes, stops = blocks
    early, period, method = spec[s.STOPS] != 0, spec[s.PERIOD], spec[s.METHOD]
    weights_at(starts, slopes, stops, early, block, minute, period, method, w, n)


@compiled
@no_type_check
def arbitrage(reserves, w, v, p, costs, pairs, work, log, count, t, kind, n):
    """One arbitrage: returns its fees and the new number of events; records the trade and the
    state before it.
    """
    y, act, paid = work
    events, stamps, recording = log
    happens, x, mu, total = best_trade(reserves, w, v, p, costs, pairs, y, act, n)
    if not happens:
        return 0.0, count
    if recording:
        stamps[2 * count], stamps[2 * count + 1] = t, kind
        event = shifted(events, count * (3 * n + 3))
        for i in range(n):
            event[i], event[n + i], event[2 * n + i] = reserves[i], y[i], act[i]
        event[3 * n], event[3 * n + 1], event[3 * n + 2] = x, mu, total
        count += 1
    return apply_trade(reserves, w, p, costs, act, mu, paid, n), count


@compiled
@no_type_check
def external_trades(reserves, w, p, costs, market, places, t, log, count, n):
    """A minute's external trades: returns their fees, how many were refused, and the new number of
    events.
    """
    pays, takes, amounts, exact_out = market[2], market[3], market[4], market[5]
    events, stamps, recording = log
    fees, refused = 0.0, 0
    for k in range(places):
        at = t * places + k
        pay, take, amount = pays[at], takes[at], amounts[at]
        if pay < 0 or not amount > 0.0:
            continue
        before, after = reserves[pay], reserves[take]
        paid, failed = apply_swap(
            reserves, w, costs[0], costs[5], pay, take, amount, exact_out[at] != 0
        )
        if failed:
            refused += 1
            continue
        fees += paid * costs[0] * (1 - costs[5]) * p[pay]
        if recording:
            stamps[2 * count], stamps[2 * count + 1] = t, TRADE + k
            events[count * (3 * n + 3)], events[count * (3 * n + 3) + 1] = before, after
            count += 1
    return fees, refused, count


@compiled
@no_type_check
def run_visits(spec, market, columns, blocks, rows, first, last, reserves, vectors, log, out):
    """Visits [first, last) from ``reserves``, which change in place; writes ``out``, or records a
    log and returns its length.
    """
    n, step, chunk, requested = spec[s.ASSETS], step_of(spec), spec[s.CHUNK], spec[s.REQUESTED]
    moves, pairs, places = spec[s.MOVES] != 0, spec[s.PAIRS] != 0, spec[s.TRADES]
    growing = spec[s.GROWING] != 0
    do_arb, sparse = spec[s.DO_ARB] != 0, spec[s.HAS_FLOWS] != 0 and spec[s.EVERY] > 1
    prices, supply = market[0], market[1]
    w, v, y, act, paid = vectors
    reserves_at, fees_at, refused_at, marks = out
    writing, work = not log[2], (y, act, paid)
    j, count, fees, refused = 0, 0, 0.0, 0
    before = max(first * step - step, 0)
    load_weights(spec, blocks, before // chunk, before % chunk, w, n)
    for i in range(n):
        v[i] = 1 / w[i]
    block, minute = (first * step) // chunk, (first * step) % chunk
    fee, lg = -1.0, 0.0
    for m in range(first, last):
        t = m * step
        p = shifted(prices, t * n)
        if writing and m % s.SEGMENT == 0:
            for i in range(n):
                marks[m // s.SEGMENT * n + i] = reserves[i]
        if growing and t > 0:
            for i in range(n):
                reserves[i] *= supply[t] / supply[t - 1]
        if columns[0][t * spec[s.FEE_STEP]] != fee:
            fee = columns[0][t * spec[s.FEE_STEP]]
            lg = math.log(1 - fee)
        costs = costs_of(spec, columns, t, lg)
        open_now = do_arb and minute < spec[s.OPEN_FOR] and not (sparse and t % spec[s.EVERY] != 0)
        if open_now:
            earned, count = arbitrage(
                reserves, w, v, p, costs, pairs, work, log, count, t, WORD(OLD), n
            )
            fees += earned
        if moves:
            load_weights(spec, blocks, block, minute, w, n)
            for i in range(n):
                v[i] = 1 / w[i]
        if places:
            earned, failed, count = external_trades(
                reserves, w, p, costs, market, places, t, log, count, n
            )
            fees += earned
            refused += failed
        if moves and open_now:
            earned, count = arbitrage(
                reserves, w, v, p, costs, pairs, work, log, count, t, WORD(NEW), n
            )
            fees += earned
        while writing and j < requested and requested_row(spec, rows, j) < t + step:
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
def event_back(e, spec, market, costs, blocks, log, w, a, ct, to_w, after, grads):
    """The adjoint of one event: returns the cotangents of the fee, the split and the noise ratio,
    and adds the others in place.
    """
    n, chunk, places = spec[s.ASSETS], spec[s.CHUNK], spec[s.TRADES]
    starts, slopes, stops = blocks
    t, kind, event = log[1][2 * e], log[1][2 * e + 1], shifted(log[0], e * (3 * n + 3))
    p = shifted(market[0], t * n)
    row = t
    if kind == OLD:
        row = max(t - step_of(spec), 0)
    load_weights(spec, blocks, row // chunk, row % chunk, w, n)
    if kind < TRADE:
        y, act = shifted(event, n), shifted(event, 2 * n)
        x, mu, total = event[3 * n], event[3 * n + 1], event[3 * n + 2]
        to_fee, to_split, to_noise = apply_trade_back(
            event, w, p, costs, act, y, x, mu, total, a, ct, to_w, after, n
        )
    else:
        at = t * places + kind - TRADE
        for i in range(n):
            to_w[i] = 0.0
        to_noise = 0.0
        trade = market[2][at], market[3][at], market[4][at], market[5][at] != 0
        to_fee, to_split = apply_swap_back(
            event[0], event[1], w, p, costs[0], costs[5], *trade, a, ct, to_w
        )
    early, period, method = spec[s.STOPS] != 0, spec[s.PERIOD], spec[s.METHOD]
    weight_inputs = starts, slopes, stops, early, row // chunk, row % chunk, period, method
    weights_back(*weight_inputs, to_w, grads[0], grads[1], w, n)
    return to_fee, to_split, to_noise


@compiled
@no_type_check
def backward(spec, market, columns, blocks, rows, visits, inputs, vectors, work, log, out, grads):
    """The adjoint of all visits; adds to ``grads``, which are zero before.

    ``inputs`` is (marks, cotangents of reserves, cotangents of fees), ``work`` four work vectors.
    """
    marks, ct_reserves, ct_fees = inputs
    w = vectors[0]
    reserves, a, to_w, after = work
    supply, stamps, growing = market[1], log[1], spec[s.GROWING] != 0
    n, step, ct, j = spec[s.ASSETS], step_of(spec), 0.0, spec[s.REQUESTED] - 1
    fee, lg = -1.0, 0.0
    for segment in range((visits - 1) // s.SEGMENT, -1, -1):
        first, last = segment * s.SEGMENT, min(segment * s.SEGMENT + s.SEGMENT, visits)
        for i in range(n):
            reserves[i] = marks[segment * n + i]
        visited = first, last, reserves
        e = run_visits(spec, market, columns, blocks, rows, *visited, vectors, log, out) - 1
        for m in range(last - 1, first - 1, -1):
            t = m * step
            while j >= 0 and requested_row(spec, rows, j) >= t:
                for i in range(n):
                    a[i] += ct_reserves[j * n + i]
                ct = ct_fees[j]
                j -= 1
            while e >= 0 and stamps[2 * e] == t:
                if columns[0][t * spec[s.FEE_STEP]] != fee:
                    fee = columns[0][t * spec[s.FEE_STEP]]
                    lg = math.log(1 - fee)
                costs = costs_of(spec, columns, t, lg)
                to_fee, to_split, to_noise = event_back(
                    e, spec, market, costs, blocks, log, w, a, ct, to_w, after, grads
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
