"""Random numbers that are the same bits on every platform, now and in later versions of numpy.

They start from raw words of PCG64 (numpy promises those) and use integers, + - * / and square roots
of single float64 entries, which IEEE 754 fixes to the last bit. Not used, because their last bits
depend on the library or on the width of the machine's vectors: exp, log, sin, powers, numpy's own
normal variates, matrix products, and sums and means of floats (cumulative sums and products run in
sequence and are fine). Each stream is read from its beginning, so a longer reading begins with the
shorter one.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LANES = np.uint64(0x0000_FFFF_0000_FFFF)
_HALF = np.uint64(16)
_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_BLOCK = 1 << 15  # variates at a time: what is in work stays in the processor's cache
# Twelve pieces, each uniform on 0 .. 65535: mean 12 * 65535 / 2, variance 12 * (65536^2 - 1) / 12.
_MEAN = 393_210.0
_SCALE = float(np.sqrt(np.float64(65536.0 * 65536.0 - 1.0)))


def seed_of(*names: str | int) -> int:
    """A 256-bit whole number for a list of names."""
    return int.from_bytes(
        hashlib.sha256("|".join(str(name) for name in names).encode("utf-8")).digest(), "big"
    )


def words(count: int, *names: str | int) -> NDArray[np.uint64]:
    """The first ``count`` 64-bit words of the stream with these names."""
    return np.random.PCG64(seed_of(*names)).random_raw(count)


def gaussians(count: int, *names: str | int) -> Floats:
    """``count`` variates of mean 0 and variance 1: twelve 16-bit uniforms added
    (Irwin-Hall), three words each.

    Nothing lies beyond 6; the kurtosis is 2.9 (a normal's is 3).
    Fat tails are the model's business.
    """
    stream, result = np.random.PCG64(seed_of(*names)), np.empty(count)
    for first in range(0, count, _BLOCK):
        block = result[first : first + _BLOCK]
        raw = stream.random_raw(3 * block.size)
        # Two 32-bit lanes a word, each the sum of two pieces; three words add up to six
        # pieces a lane without overflow.
        raw = (raw & _LANES) + ((raw >> _HALF) & _LANES)
        total = raw[0::3] + raw[1::3] + raw[2::3]
        block[:] = (((total >> _WORD) + (total & _LOW)).astype(np.float64) - _MEAN) / _SCALE
    return result


def uniforms(count: int, *names: str | int) -> Floats:
    """``count`` variates on (0, 1], multiples of 2^-32."""
    return ((words(count, *names) >> _WORD).astype(np.float64) + 1.0) / 4294967296.0


def held(switches: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each step the index of the last switch up to it (0 before the first)."""
    index: NDArray[np.int64] = np.maximum.accumulate(
        np.where(switches, np.arange(switches.size), 0)
    )
    return index


def moving_average(count: int, width: int, *names: str | int) -> Floats:
    """``count`` variates of mean 0 and variance 1 that forget each other
    linearly over ``width`` steps.

    The average of the last ``width`` of a row of whole numbers, uniform on 0 ..
    2^16 - 1: their sums are exact.
    """
    sums = np.cumsum((words(count + width, *names) >> np.uint64(48)).astype(np.int64))
    window = (sums[width:] - sums[:-width]).astype(np.float64)
    scale = float(np.sqrt(np.float64(width) * (65536.0 * 65536.0 - 1.0) / 12.0))
    return (window - width * 32767.5) / scale
