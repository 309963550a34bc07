"""The random streams of this project's markets, each with a key from a seed and a name.

A key is 256 bits of SHA-256, which are a position and an increment of PCG64: different seeds or
names never share a stream. All further computation uses integers, + - * / and square roots, so that
a market has the same bits on every platform.
"""

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.market.settings import Integers
from quantamm_cli.random.noise import seed_of
from quantamm_cli.random.tags import COMPETITION_MARKET as MODEL


def states(seeds: Integers, *name: str) -> NDArray[np.uint64]:
    """The initial states (s, 4) of one stream of each seed, for :mod:`quantamm_cli.random.pcg`."""
    keys = b"".join(seed_of(MODEL, int(seed), *name).to_bytes(32, "little") for seed in seeds)
    result = np.frombuffer(keys, dtype="<u8").astype(np.uint64).reshape(-1, 4)
    result[:, 3] |= np.uint64(1)
    return result
