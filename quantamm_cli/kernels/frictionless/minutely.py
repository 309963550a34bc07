r"""Value over opening value at every minute of a frictionless pool as compiled code, and the
adjoint.

$$\Delta\ln V = \sum_j w_j\,\Delta\ln p_j - \sum_j w'_j \ln(w'_j / w_j)$$

One block and one token at a time, so that the inner loops run over minutes and contain no calls.
In a block weights are $s + \min(k, W)\,d$; its first minute starts from the last weights of the
block before.
"""

import math
from typing import Any, no_type_check

from numba import njit

from quantamm_cli.kernels.intrinsics import OPTIONS, compiled, inlined, shifted

GENTLE, SHORT, NEAR = 0.02, 64, 0.3
reordered: Any = njit(**(OPTIONS | {"fastmath": {"contract", "reassoc", "nsz"}}))
"""For inner loops: lets LLVM reorder sums, which makes them several times as fast."""


@inlined
@no_type_check
def near_log(z):
    """2 artanh z = ln((1 + z) / (1 - z)) for small z."""
    q = z * z
    return 2 * z * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9)))))


@inlined
@no_type_check
def log_ratio(a, b):
    """ln(a / b)."""
    z = (a - b) / (a + b)
    return near_log(z) if abs(z) < GENTLE else math.log(a / b)


@reordered
@no_type_check
def add_gains(s, d, logs, last, moving, gains, n):
    """Adds a token's part of the gains of minutes 1 to ``last`` of a block; its weight moves until
    minute ``moving``.
    """
    end = s + moving * d
    if d != 0 and abs(d) <= GENTLE * min(s, end):
        for k in range(1, moving + 1):
            before = s + (k - 1) * d
            gains[k] += before * (logs[k * n] - logs[k * n - n]) - (before + d) * near_log(
                d / (2 * before + d)
            )
    elif d != 0:
        for k in range(1, moving + 1):
            before = s + (k - 1) * d
            gains[k] += before * (logs[k * n] - logs[k * n - n]) - (before + d) * math.log(
                (before + d) / before
            )
    if d == 0:
        moving = 0
    for k in range(moving + 1, last + 1):
        gains[k] += end * (logs[k * n] - logs[k * n - n])


@reordered
@no_type_check
def gains_back(s, d, logs, last, moving, ct, n):
    """Gradients of a token's start and slope from ``ct``, those of the gains of minutes 1 to
    ``last``.
    """
    of_start = of_slope = at_rest = 0.0
    if abs(d) <= GENTLE * min(s, s + moving * d):
        for k in range(1, moving + 1):
            before = s + (k - 1) * d
            cost = near_log(d / (2 * before + d))
            both = logs[k * n] - logs[k * n - n] + d / before - cost
            of_start += ct[k] * both
            of_slope += ct[k] * ((k - 1) * both - cost - 1)
    else:
        for k in range(1, moving + 1):
            before = s + (k - 1) * d
            cost = math.log((before + d) / before)
            both = logs[k * n] - logs[k * n - n] + d / before - cost
            of_start += ct[k] * both
            of_slope += ct[k] * ((k - 1) * both - cost - 1)
    for k in range(moving + 1, last + 1):
        at_rest += ct[k] * (logs[k * n] - logs[k * n - n])
    return of_start + at_rest, of_slope + moving * at_rest


@reordered
@no_type_check
def exponentials(x, count, out):
    """``out[k] = exp(x[k])`` for k below ``count``: where values are close together, by Taylor's
    series around the first of each run of 64.
    """
    for begin in range(0, count, SHORT):
        end, far = min(begin + SHORT, count), 0.0
        anchor = x[begin]
        scale = math.exp(anchor)
        for k in range(begin, end):
            far = max(far, abs(x[k] - anchor))
        if far > NEAR:
            for k in range(begin, end):
                out[k] = math.exp(x[k])
            continue
        for k in range(begin, end):
            y = x[k] - anchor
            e = 1 + y * (1 / 12)
            e = 1 + y * e * (1 / 11)
            e = 1 + y * e * (1 / 10)
            e = 1 + y * e * (1 / 9)
            e = 1 + y * e * (1 / 8)
            e = 1 + y * e * (1 / 7)
            e = 1 + y * e * (1 / 6)
            e = 1 + y * e * (1 / 5)
            e = 1 + y * e * (1 / 4)
            e = 1 + y * e * (1 / 3)
            e = 1 + y * e * (1 / 2)
            out[k] = scale * (1 + y * e)


@compiled
@no_type_check
def minutely(first, starts, slopes, logs, chunk, period, gains, growth, rows, blocks, n):
    """Growth factors of all rows; ``gains`` is a work array, one number a minute of a block."""
    total, stopped = 0.0, min(chunk - 1, period)
    for b in range(blocks):
        block_logs, last = shifted(logs, (first + b * chunk) * n), min(chunk, rows - b * chunk) - 1
        for k in range(last + 1):
            gains[k] = 0.0
        for i in range(n):
            at = b * n + i
            if b:
                before = starts[at - n] + stopped * slopes[at - n]
                gains[0] += before * (block_logs[i] - block_logs[i - n]) - starts[at] * log_ratio(
                    starts[at], before
                )
            add_gains(
                starts[at], slopes[at], shifted(block_logs, i), last, min(last, period), gains, n
            )
        for k in range(last + 1):
            total += gains[k]
            gains[k] = total
        exponentials(gains, last + 1, shifted(growth, b * chunk))


@compiled
@no_type_check
def minutely_back(
    first,
    starts,
    slopes,
    logs,
    chunk,
    period,
    growth,
    ct,
    later,
    to_starts,
    to_slopes,
    rows,
    blocks,
    n,
):
    """Gradients of starts and slopes from ``ct``, the gradient of the growth factors; ``later`` is
    a work array, one number a minute of a block.
    """
    total, stopped = 0.0, min(chunk - 1, period)
    for at in range(blocks * n):
        to_starts[at] = to_slopes[at] = 0.0
    for done in range(blocks):
        b = blocks - 1 - done
        block_logs, last = shifted(logs, (first + b * chunk) * n), min(chunk, rows - b * chunk) - 1
        for down in range(last + 1):
            row = b * chunk + last - down
            total += ct[row] * growth[row]
            later[last - down] = total
        for i in range(n):
            at = b * n + i
            of_start, of_slope = gains_back(
                starts[at], slopes[at], shifted(block_logs, i), last, min(last, period), later, n
            )
            to_starts[at] += of_start
            to_slopes[at] += of_slope
            if b:
                before = starts[at - n] + stopped * slopes[at - n]
                to_starts[at] -= total * (log_ratio(starts[at], before) + 1)
                pull = total * (block_logs[i] - block_logs[i - n] + starts[at] / before)
                to_starts[at - n] += pull
                to_slopes[at - n] += stopped * pull
