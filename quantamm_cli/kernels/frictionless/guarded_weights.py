r"""Guarded weights from block to block as compiled code, and the adjoint.

It computes what ``core.simplex.guarded`` does, for one pool: clamp the wish, limit the speed, and
clamp again if that would end below the floor. As in JAX, ties of the largest change share its
gradient, and a weight at a limit passes half of its own.

``work`` is a work array: a vector ``v``; for each pass of a clamp its input and which weights were
low after it (``n`` a pass each); the sum of the others and what they share (two a pass).
"""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled, inlined, shifted


@inlined
@no_type_check
def parts(work, n):
    """The vector, and the three tables of a clamp: inputs, low weights, shares."""
    return work, shifted(work, n), shifted(work, n + n * n), shifted(work, n + 2 * n * n)


@inlined
@no_type_check
def work_sizes(n):
    """Floats that ``work`` needs, forward and backward; backward has three more vectors."""
    return 2 * n * n + 3 * n, 2 * n * n + 6 * n


@compiled
@no_type_check
def clamped(work, floor, passes, n):
    """Clamp the vector in place."""
    v, inputs, low, shares = parts(work, n)
    ceiling = 1 - (n - 1) * floor
    for p in range(passes):
        count = total = 0.0
        for i in range(n):
            at = p * n + i
            inputs[at] = v[i]
            low[at] = 1.0 if v[i] < floor or (p > 0 and low[at - n] > 0) else 0.0
            v[i] = min(max(v[i], floor), ceiling)
            if low[at] > 0:
                count += 1
            else:
                total += v[i]
        shares[2 * p], shares[2 * p + 1] = total, 1 - count * floor
        for i in range(n):
            v[i] = floor if low[p * n + i] > 0 else v[i] * shares[2 * p + 1] / total
    total, top = 0.0, 0
    for i in range(n):
        total += v[i]
        if v[i] > v[top]:
            top = i
    v[top] += 1 - total


@compiled
@no_type_check
def clamped_back(g, work, floor, passes, n):
    """The adjoint of ``clamped``: turns the gradient ``g`` of its result into that of its input, in
    place; returns the floor's.
    """
    _, inputs, low, shares = parts(work, n)
    ceiling, bar = 1 - (n - 1) * floor, 0.0
    for done in range(passes):
        p = passes - 1 - done
        spread = count = 0.0
        free, left = shares[2 * p], shares[2 * p + 1]
        for i in range(n):
            if low[p * n + i] > 0:
                bar += g[i]
                count += 1
            else:
                spread += g[i] * min(max(inputs[p * n + i], floor), ceiling)
        bar -= count * spread / free
        for i in range(n):
            at = p * n + i
            if low[at] > 0:
                g[i] = 0.0
                continue
            inside = (g[i] - spread / free) * left / free
            above = below = 0.0
            if inputs[at] > ceiling:
                above = 1.0
            elif inputs[at] == ceiling:
                above = 0.5
            if inputs[at] == floor:
                below = 0.5
            bar += inside * (below - above * (n - 1))
            g[i] = inside * (1 - above) * (1 - below)
    return bar


@inlined
@no_type_check
def slowed(start, target, slope, minutes, maximum, n):
    """Writes the limited change a minute from ``start`` to ``target``; returns the largest change
    before the limit.
    """
    fastest = 0.0
    for i in range(n):
        slope[i] = (target[i] - start[i]) / minutes
        fastest = max(fastest, abs(slope[i]))
    if fastest > maximum:
        for i in range(n):
            slope[i] *= maximum / (fastest + 1e-10)
    return fastest


@compiled
@no_type_check
def stepped(start, signal, slope, work, minutes, floor, maximum, n):
    """One block: writes ``slope``, from ``start`` towards ``start + signal``.

    Returns the passes of the clamp, the sum of the wish, and the largest change.
    """
    total = 0.0
    for i in range(n):
        work[i] = start[i] + signal[i]
        total += work[i]
    for i in range(n):
        work[i] /= total
    clamped(work, floor, 1, n)
    fastest = slowed(start, work, slope, minutes, maximum, n)
    too_low = False
    for i in range(n):
        too_low |= start[i] + minutes * slope[i] < floor * (1 - 1e-12)
    if not too_low:
        return 1, total, fastest
    for i in range(n):
        work[i] = (start[i] + signal[i]) / total
    clamped(work, floor, n, n)
    return n, total, slowed(start, work, slope, minutes, maximum, n)


@compiled
@no_type_check
def guarded_weights(opening, signals, starts, slopes, work, minutes, floor, maximum, blocks, n):
    """Starts and slopes of all blocks ``(b, n)``, from the opening weights and the signals."""
    for b in range(blocks):
        start, slope = shifted(starts, b * n), shifted(slopes, b * n)
        for i in range(n):
            if b:
                start[i] = starts[b * n - n + i] + slopes[b * n - n + i] * minutes
            else:
                start[i] = opening[i]
        stepped(start, shifted(signals, b * n), slope, work, minutes, floor, maximum, n)


@inlined
@no_type_check
def slowed_back(g, start, target, ct, fastest, minutes, maximum, n):
    """The adjoint of ``slowed``: from the gradient ``g`` of the limited change to that of the
    target, in ``ct``; returns the maximum's.
    """
    bar = pull = ties = 0.0
    if fastest > maximum:
        for i in range(n):
            change = (target[i] - start[i]) / minutes
            bar += g[i] * change / (fastest + 1e-10)
            if abs(change) == fastest:
                ties += 1.0
        pull = -bar * maximum / (fastest + 1e-10) / ties
    for i in range(n):
        ct[i] = g[i]
        if fastest > maximum:
            ct[i] = g[i] * maximum / (fastest + 1e-10)
        change = (target[i] - start[i]) / minutes
        if ties > 0 and abs(change) == fastest:
            if change > 0:
                ct[i] += pull
            elif change < 0:
                ct[i] -= pull
        ct[i] /= minutes
    return bar


@compiled
@no_type_check
def guarded_weights_back(
    signals,
    starts,
    ct_starts,
    ct_slopes,
    carried,
    to_signals,
    limits,
    work,
    minutes,
    floor,
    maximum,
    blocks,
    n,
):
    """Gradients of opening weights (``carried``), signals, and floor and maximum (``limits``), from
    those of starts and slopes.
    """
    offset = work_sizes(n)[0]
    slope, g, ct = shifted(work, offset), shifted(work, offset + n), shifted(work, offset + 2 * n)
    for i in range(n):
        carried[i] = 0.0
    limits[0] = limits[1] = 0.0
    for done in range(blocks):
        at = (blocks - 1 - done) * n
        start, signal = shifted(starts, at), shifted(signals, at)
        passes, total, fastest = stepped(start, signal, slope, work, minutes, floor, maximum, n)
        for i in range(n):
            g[i] = ct_slopes[at + i] + minutes * carried[i]
        limits[1] += slowed_back(g, start, work, ct, fastest, minutes, maximum, n)
        for i in range(n):
            carried[i] += ct_starts[at + i] - ct[i]
        limits[0] += clamped_back(ct, work, floor, passes, n)
        mean = 0.0
        for i in range(n):
            mean += ct[i] * (start[i] + signal[i]) / total
        for i in range(n):
            to_signals[at + i] = (ct[i] - mean) / total
            carried[i] += to_signals[at + i]
