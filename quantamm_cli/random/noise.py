"""Random numbers that are the same bits on every platform, now and in later versions of numpy.

They use only what is the same everywhere: raw words of PCG64, which numpy keeps stable, integers,
and + - * / and square roots of single float64 numbers, which IEEE 754 defines to the last bit.
Cumulative sums and products run in sequence, so they are safe, too. They use no exp, log, sin or
powers, no normal variates of numpy, no matrix products, and no sums or means of floats: the last
bits of these depend on the library or on the processor. A stream is always read from its start, so
the first n numbers are the same however many are read.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LANES = np.uint64(0x0000_FFFF_0000_FFFF)
_HALF = np.uint64(16)
_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_BLOCK = 1 << 15  # variates at a time, so that they fit in the processor's cache
# Twelve pieces, each uniform on 0 .. 65535: mean 12 * 65535 / 2, variance 12 * (65536^2 - 1) / 12.
_MEAN = 393_210.0
_SCALE = float(np.sqrt(np.float64(65536.0 * 65536.0 - 1.0)))


def seed_of(*names: str | int) -> int:
    """A 256-bit integer from a list of names."""
    text = "|".join(map(str, names))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest(), "big")


def words(count: int, *names: str | int) -> NDArray[np.uint64]:
    """The first ``count`` 64-bit words of the stream with these names."""
    return np.random.PCG64(seed_of(*names)).random_raw(count)


def gaussians(count: int, *names: str | int) -> Floats:
    """``count`` variates of mean 0 and variance 1: sums of twelve 16-bit uniforms (Irwin-Hall),
    from three words each.

    None exceeds 6 in size; the kurtosis is 2.9 (3 for the normal distribution). Fat tails are left
    to the models.
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


def last_switch(switches: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each step the index of the last switch up to it (0 before the first)."""
    index: NDArray[np.int64] = np.maximum.accumulate(
        np.where(switches, np.arange(switches.size), 0)
    )
    return index


def moving_average(count: int, width: int, *names: str | int) -> Floats:
    """``count`` variates of mean 0 and variance 1 whose correlation falls linearly to zero over
    ``width`` steps.

    They are averages of the last ``width`` integers, uniform on 0 .. 2^16 - 1, whose sums are
    exact.
    """
    sums = np.cumsum((words(count + width, *names) >> np.uint64(48)).astype(np.int64))
    window = (sums[width:] - sums[:-width]).astype(np.float64)
    scale = float(np.sqrt(np.float64(width) * (65536.0 * 65536.0 - 1.0) / 12.0))
    return (window - width * 32767.5) / scale
