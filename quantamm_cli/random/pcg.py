"""PCG64 (XSL-RR 128/64) in machine code: numpy's generator of that name.

[O'Neill, HMC-CS-2014-0905]

A state is a tuple of four uint64: the high and low words of the position, then of the odd
increment. Each draw takes a state and returns the next: with an array, numba's reference counting
would cost several times as much as a draw.
"""

from typing import Any, no_type_check

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from quantamm_cli.random.compiled import jit

U64 = np.uint64
_HIGH, _LOW = U64(0x2360ED051FC65DA4), U64(0x4385DF649FCCF645)
_SEED_STEP, _SEED_ADD = U64(6364136223846793005), U64(11634580027462260723)
_WIDE = ir.IntType(128)


@intrinsic
@no_type_check
def high_product(typing, left, right):
    """The upper 64 bits of the product of two 64-bit words."""

    def build(context, builder, signature, args):
        wide = builder.mul(*(builder.zext(word, _WIDE) for word in args))
        return builder.trunc(builder.lshr(wide, ir.Constant(_WIDE, 64)), args[0].type)

    return types.uint64(types.uint64, types.uint64), build


@jit
def word(state: Any) -> Any:
    """The next state, and 64 bits."""
    high, low, more_high, more_low = state
    product = low * _LOW
    high = high_product(low, _LOW) + high * _LOW + low * _HIGH
    low = product + more_low
    high = high + more_high + (U64(1) if low < product else U64(0))
    mixed, turn = high ^ low, high >> U64(58)
    bits = (mixed >> turn) | (mixed << ((U64(64) - turn) & U64(63)))
    return (high, low, more_high, more_low), bits


@jit
def fraction(state: Any) -> Any:
    """The next state, and a number uniform on [0, 1), a multiple of 2^-53."""
    state, bits = word(state)
    return state, np.float64(np.int64(bits >> U64(11))) * 2.0**-53


@jit
def from_words(words: Any) -> Any:
    """The state of an array of four words."""
    return words[0], words[1], words[2], words[3]


@jit
def seeded(seed: Any) -> Any:
    """The state that Rust's ``rand_core`` derives from a 64-bit seed: words of a 32-bit PCG, then
    one step.
    """
    words = np.empty(8, np.uint64)
    for i in range(8):
        seed = seed * _SEED_STEP + _SEED_ADD
        mixed, turn = (((seed >> U64(18)) ^ seed) >> U64(27)) & U64(0xFFFFFFFF), seed >> U64(59)
        words[i] = ((mixed >> turn) | (mixed << ((U64(32) - turn) & U64(31)))) & U64(0xFFFFFFFF)
    low, high, more_low, more_high = words[0::2] | words[1::2] << U64(32)
    more_low |= U64(1)
    first_low = low + more_low
    first_high = high + more_high + (U64(1) if first_low < low else U64(0))
    return word((first_high, first_low, more_high, more_low))[0]
