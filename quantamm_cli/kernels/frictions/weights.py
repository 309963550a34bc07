"""Weights inside a block, as in ``core.interpolate``, and the adjoint."""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled, inlined


@inlined
@no_type_check
def minutes_moved(stops, early, block, minute, period):
    """For how long weights have moved ``minute`` minutes after the block began."""
    if early:
        return min(float(minute), stops[block])
    return min(float(minute), float(period))


@inlined
@no_type_check
def weights_at(starts, slopes, stops, early, block, minute, period, method, w, n):
    """Writes to ``w`` the weights ``minute`` minutes after the block began."""
    if method == 0:
        along = minutes_moved(stops, early, block, minute, period)
        for i in range(n):
            w[i] = starts[block * n + i] + along * slopes[block * n + i]
    else:
        mixed_weights(starts, slopes, block, minute, period, w, n)


@compiled
@no_type_check
def mixed_weights(starts, slopes, block, minute, period, w, n):
    """Writes to ``w`` the mean of the straight and the geometric path; returns the sum that
    normalises it.
    """
    total = 0.0
    for i in range(n):
        start = starts[block * n + i]
        end = start + period * slopes[block * n + i]
        if minute < period:
            geometric = start * (end / start) ** (minute / (period + 1))
            w[i] = start + minute * slopes[block * n + i] + geometric
        else:
            w[i] = end
        total += w[i]
    if minute < period:
        for i in range(n):
            w[i] /= total
    return total


@compiled
@no_type_check
def weights_back(
    starts, slopes, stops, early, block, minute, period, method, to_w, to_starts, to_slopes, w, n
):
    """The adjoint of ``weights_at``: adds to the cotangents of the block's start and slope. ``w``
    is a work vector.
    """
    if method == 0 or minute >= period:
        along = minutes_moved(stops, early, block, minute, period)
        for i in range(n):
            to_starts[block * n + i] += to_w[i]
            to_slopes[block * n + i] += along * to_w[i]
        return
    total = mixed_weights(starts, slopes, block, minute, period, w, n)
    mean = 0.0
    for i in range(n):
        mean += to_w[i] * w[i]
    share = minute / (period + 1)
    for i in range(n):
        start = starts[block * n + i]
        end = start + period * slopes[block * n + i]
        geometric = start * (end / start) ** share
        to_mixed = (to_w[i] - mean) / total
        to_end = to_mixed * share * geometric / end
        to_starts[block * n + i] += to_mixed * (1 + (1 - share) * geometric / start) + to_end
        to_slopes[block * n + i] += to_mixed * minute + period * to_end
