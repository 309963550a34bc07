"""Weights inside a block, as ``core.interpolate`` has them: forward, and the adjoint."""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled, inlined


@inlined
@no_type_check
def passed(stops, early, block, minute, period):
    """How long weights have moved ``minute`` minutes after the block began."""
    end = stops[block] if early else float(period)
    return min(float(minute), end)


@inlined
@no_type_check
def weights_at(starts, slopes, stops, early, block, minute, period, method, w, n):
    """Weights so many minutes after a block began."""
    if method == 0:
        along = passed(stops, early, block, minute, period)
        for i in range(n):
            w[i] = starts[block * n + i] + along * slopes[block * n + i]
    else:
        mixed_at(starts, slopes, block, minute, period, w, n)


@compiled
@no_type_check
def mixed_at(starts, slopes, block, minute, period, w, n):
    """Half way between the straight and the geometric path; the mean before
    normalisation is returned doubled.
    """
    total = 0.0
    for i in range(n):
        start = starts[block * n + i]
        end = start + period * slopes[block * n + i]
        if minute < period:
            w[i] = (
                start
                + minute * slopes[block * n + i]
                + start * (end / start) ** (minute / (period + 1))
            )
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
    """Adds the cotangent of the weights so many minutes after a block began to those of its start
    and slope. ``w`` is room.
    """
    if method == 0 or minute >= period:
        along = passed(stops, early, block, minute, period)
        for i in range(n):
            to_starts[block * n + i] += to_w[i]
            to_slopes[block * n + i] += along * to_w[i]
        return
    total = mixed_at(starts, slopes, block, minute, period, w, n)
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
