"""The closed form of ``core.closed_form`` as compiled code, and its adjoint: growth at some rows,
from the weights of blocks.
"""

import math
from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled, inlined, shifted

EXPLICIT, GENTLE, NEAR = 25, 0.04, 0.1


@compiled
@no_type_check
def sums(start, slope, count):
    r"""$\sum_{k<m}\ln(s + kd)$ and $\sum_{k<m} 1/(s + kd)$ by the midpoint form of the
    Euler–Maclaurin formula.

    Summed from the lower end; the first 25 terms one by one where a step exceeds 1/25 of the
    weight.
    """
    step, logs, inverses = abs(slope), 0.0, 0.0
    low = start
    if slope < 0:
        low = start + (count - 1) * slope
    left = count
    if step > GENTLE * low:
        left = max(count - EXPLICIT, 0)
        for j in range(count - left):
            logs += math.log(low + j * step)
            inverses += 1 / (low + j * step)
        low += EXPLICIT * step
    if left == 0:
        return logs, inverses
    centre, half = low + 0.5 * (left - 1) * step, 0.5 * left * step
    r = half / centre
    if r < NEAR:
        q = r * r
        bend = q * (
            1 / 6
            + q * (1 / 20 + q * (1 / 42 + q * (1 / 72 + q * (1 / 110 + q * (1 / 156 + q / 210)))))
        )
        flat = 1 + q * (
            1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13 + q / 15)))))
        )
    else:
        up, down = math.log1p(r), math.log1p(-r)
        bend = 1 - ((1 + r) * up - (1 - r) * down) / (2 * r)
        flat = (up - down) / (2 * r)
    p, q, s = 1 / (centre + half), 1 / (centre - half), step
    logs += left * (math.log(centre) - bend)
    logs += s * (
        (q - p) / 24 - s * s * ((q**3 - p**3) * (7 / 2880) - s * s * (q**5 - p**5) * (31 / 40320))
    )
    inverses += left / centre * flat
    inverses -= s * (
        (q**2 - p**2) / 24
        - s * s * ((q**4 - p**4) * (7 / 960) - s * s * (q**6 - p**6) * (31 / 8064))
    )
    return logs, inverses


@inlined
@no_type_check
def moments(logs, prefix, begin, passed, period, n):
    """Log return over ``passed`` minutes from row ``begin``, and its first moment while weights
    move, of the token that ``logs`` and ``prefix`` point at.
    """
    rising = min(passed, period + 1)
    rise = logs[(begin + rising) * n] - logs[begin * n]
    total = logs[(begin + passed) * n] - logs[begin * n]
    return total, prefix[(begin + rising) * n] - prefix[begin * n] - (begin + 1) * rise + period * (
        total - rise
    )


@compiled
@no_type_check
def block_growth(start, slope, logs, prefix, begin, passed, period, n):
    """Log growth over the first ``passed`` minutes of a block that begins at row ``begin``."""
    growth, moved = 0.0, min(passed, period)
    for i in range(n):
        s, d = start[i], slope[i]
        total, first = moments(shifted(logs, i), shifted(prefix, i), begin, passed, period, n)
        growth += s * total + d * first
        if d != 0 and moved:
            e = s + moved * d
            growth -= e * math.log(e) - s * math.log(s) - d * sums(s, d, moved)[0]
    return growth


@compiled
@no_type_check
def block_growth_back(start, slope, logs, prefix, begin, passed, period, ct, to_start, to_slope, n):
    """Adds ``ct`` times the gradients of ``block_growth`` to those of start and slope."""
    moved = min(passed, period)
    for i in range(n):
        s, d = start[i], slope[i]
        total, first = moments(shifted(logs, i), shifted(prefix, i), begin, passed, period, n)
        to_start[i] += ct * total
        to_slope[i] += ct * first
        if moved:
            single, inverse = sums(s, d, moved)
            end = math.log(s + moved * d)
            to_start[i] -= ct * (end - math.log(s) - d * inverse)
            to_slope[i] -= ct * (moved * end - single + s * inverse)


@compiled
@no_type_check
def log_growth(
    first, rows, starts, slopes, logs, prefix, chunk, period, before, growth, count, blocks, n
):
    """ln of value over opening value at ``rows``; ``before`` is a work
    array of one number a block.
    """
    before[0] = 0.0
    for b in range(blocks - 1):
        start, slope = shifted(starts, b * n), shifted(slopes, b * n)
        before[b + 1] = before[b] + block_growth(
            start, slope, logs, prefix, first + b * chunk, chunk, period, n
        )
    for j in range(count):
        b, passed = rows[j] // chunk, rows[j] % chunk
        growth[j] = before[b]
        if passed:
            start, slope = shifted(starts, b * n), shifted(slopes, b * n)
            growth[j] += block_growth(
                start, slope, logs, prefix, first + b * chunk, passed, period, n
            )


@compiled
@no_type_check
def log_growth_back(
    first,
    rows,
    starts,
    slopes,
    logs,
    prefix,
    chunk,
    period,
    ct,
    later,
    to_starts,
    to_slopes,
    count,
    blocks,
    n,
):
    """Gradients of starts and slopes from ``ct``, the gradient of the growth at each row; ``later``
    is a work array, one number a block.
    """
    for b in range(blocks):
        later[b] = 0.0
    for at in range(blocks * n):
        to_starts[at] = to_slopes[at] = 0.0
    for done in range(count + blocks - 1):
        # First each row's growth within its own block, then whole blocks, the last one first.
        b, passed, pull = blocks - 2 - (done - count), chunk, 0.0
        if done < count:
            b, passed, pull = rows[done] // chunk, rows[done] % chunk, ct[done]
            later[b] += pull
        else:
            pull = later[b + 1]
            later[b] += pull
        at = b * n
        if passed and pull != 0:
            to_start, to_slope = shifted(to_starts, at), shifted(to_slopes, at)
            start, slope, begin = shifted(starts, at), shifted(slopes, at), first + b * chunk
            block_growth_back(
                start, slope, logs, prefix, begin, passed, period, pull, to_start, to_slope, n
            )
