r"""The walk of guarded weights from block to block as compiled code, and its adjoint.

What ``core.simplex.guarded`` says, for one pool: clamp the wish, limit the speed, clamp again where
that arrives too low. Ties of the largest change share its gradient, and a weight at a limit passes
half of its own, as in the text.

``room`` is a place to work in: a vector ``v``, and of each pass of a clamp what it met, which were
low after it (each ``n`` a pass), the sum of the others and what they share (two a pass).
"""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled, inlined, shifted


@inlined
@no_type_check
def parts(room, n):
    """The vector, and the three tables of a clamp."""
    return room, shifted(room, n), shifted(room, n + n * n), shifted(room, n + 2 * n * n)


@inlined
@no_type_check
def scratch(n):
    """Floats a walk needs: ``room``, and behind it three vectors for the way back."""
    return 2 * n * n + 3 * n, 2 * n * n + 6 * n


@compiled
@no_type_check
def clamped(room, floor, passes, n):
    """Clamp the vector in place."""
    v, met, low, shares = parts(room, n)
    ceiling = 1 - (n - 1) * floor
    for p in range(passes):
        count = total = 0.0
        for i in range(n):
            at = p * n + i
            met[at] = v[i]
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
def clamped_back(g, room, floor, passes, n):
    """From the gradient ``g`` of what ``clamped`` gave to that of what it
    took, in place; the floor's.
    """
    _, met, low, shares = parts(room, n)
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
                spread += g[i] * min(max(met[p * n + i], floor), ceiling)
        bar -= count * spread / free
        for i in range(n):
            at = p * n + i
            if low[at] > 0:
                g[i] = 0.0
                continue
            inside = (g[i] - spread / free) * left / free
            above = 1.0 if met[at] > ceiling else 0.5 if met[at] == ceiling else 0.0
            below = 0.5 if met[at] == floor else 0.0
            bar += inside * (below - above * (n - 1))
            g[i] = inside * (1 - above) * (1 - below)
    return bar


@inlined
@no_type_check
def slowed(start, target, slope, minutes, maximum, n):
    """The change a minute from ``start`` to ``target``, limited; the fastest before that."""
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
def stepped(start, signal, slope, room, minutes, floor, maximum, n):
    """One block: ``slope`` from ``start`` towards ``start + signal``.

    The clamp's passes, the wish's sum and the fastest change.
    """
    total = 0.0
    for i in range(n):
        room[i] = start[i] + signal[i]
        total += room[i]
    for i in range(n):
        room[i] /= total
    clamped(room, floor, 1, n)
    fastest = slowed(start, room, slope, minutes, maximum, n)
    too_low = False
    for i in range(n):
        too_low |= start[i] + minutes * slope[i] < floor * (1 - 1e-12)
    if not too_low:
        return 1, total, fastest
    for i in range(n):
        room[i] = (start[i] + signal[i]) / total
    clamped(room, floor, n, n)
    return n, total, slowed(start, room, slope, minutes, maximum, n)


@compiled
@no_type_check
def walk(opening, signals, starts, slopes, room, minutes, floor, maximum, blocks, n):
    """Starts and slopes of all blocks ``(b, n)``, from the opening weights and the signals."""
    for b in range(blocks):
        start, slope = shifted(starts, b * n), shifted(slopes, b * n)
        for i in range(n):
            start[i] = starts[b * n - n + i] + slopes[b * n - n + i] * minutes if b else opening[i]
        stepped(start, shifted(signals, b * n), slope, room, minutes, floor, maximum, n)


@inlined
@no_type_check
def slowed_back(g, start, target, due, fastest, minutes, maximum, n):
    """From the gradient ``g`` of the limited change to that of the target,
    in ``due``; the maximum's.
    """
    bar = pull = ties = 0.0
    if fastest > maximum:
        for i in range(n):
            change = (target[i] - start[i]) / minutes
            bar += g[i] * change / (fastest + 1e-10)
            ties += 1.0 if abs(change) == fastest else 0.0
        pull = -bar * maximum / (fastest + 1e-10) / ties
    for i in range(n):
        due[i] = g[i] * maximum / (fastest + 1e-10) if fastest > maximum else g[i]
        change = (target[i] - start[i]) / minutes
        if ties > 0 and abs(change) == fastest:
            due[i] += pull if change > 0 else -pull if change < 0 else 0.0
        due[i] /= minutes
    return bar


@compiled
@no_type_check
def walk_back(
    signals,
    starts,
    due_starts,
    due_slopes,
    carried,
    to_signals,
    limits,
    room,
    minutes,
    floor,
    maximum,
    blocks,
    n,
):
    """Gradients of opening weights (``carried``) and signals, and in ``limits`` of floor and
    maximum, from those of starts and slopes.
    """
    behind = scratch(n)[0]
    slope, g, due = shifted(room, behind), shifted(room, behind + n), shifted(room, behind + 2 * n)
    for i in range(n):
        carried[i] = 0.0
    limits[0] = limits[1] = 0.0
    for done in range(blocks):
        at = (blocks - 1 - done) * n
        start, signal = shifted(starts, at), shifted(signals, at)
        passes, total, fastest = stepped(start, signal, slope, room, minutes, floor, maximum, n)
        for i in range(n):
            g[i] = due_slopes[at + i] + minutes * carried[i]
        limits[1] += slowed_back(g, start, room, due, fastest, minutes, maximum, n)
        for i in range(n):
            carried[i] += due_starts[at + i] - due[i]
        limits[0] += clamped_back(due, room, floor, passes, n)
        mean = 0.0
        for i in range(n):
            mean += due[i] * (start[i] + signal[i]) / total
        for i in range(n):
            to_signals[at + i] = (due[i] - mean) / total
            carried[i] += to_signals[at + i]
