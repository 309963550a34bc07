"""Streams of the markets of this project: each has a key of its own, from a seed and a name.

A key is 256 bits of SHA-256, which are a position and an increment of PCG64: no two streams are
one, whatever the seeds. From there on only integers, + - * / and square roots are used, so that a
market is the same bits on every platform.
"""

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.market.settings import Integers
from quantamm_cli.random.noise import seed_of
from quantamm_cli.random.tags import COMPETITION_MARKET as MODEL


def states(seeds: Integers, *name: str) -> NDArray[np.uint64]:
    """The beginnings (s, 4) of one stream of each seed, as
    :mod:`quantamm_cli.random.pcg` has them.
    """
    keys = b"".join(seed_of(MODEL, int(seed), *name).to_bytes(32, "little") for seed in seeds)
    begun = np.frombuffer(keys, dtype="<u8").astype(np.uint64).reshape(-1, 4)
    begun[:, 3] |= np.uint64(1)
    return begun
