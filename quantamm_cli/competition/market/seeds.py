"""Disjoint blocks of seeds for training, validation and test."""

import numpy as np

from quantamm_cli.competition.market.settings import Integers
from quantamm_cli.errors import ConfigError

WIDTH = 1_000_000
BLOCKS = {
    name: (k * WIDTH, (k + 1) * WIDTH - 3) for k, name in enumerate(("train", "validation", "test"))
}
"""First seed, and the seed after the last. Two seeds between blocks are unused, because a seed of
the original challenge shares streams with the next two.
"""


def block(name: str, count: int, first: int = 0) -> Integers:
    """``count`` seeds of a block, from its ``first`` on.

    Raises:
        ConfigError: no such block, or too few seeds in it.
    """
    if name not in BLOCKS:
        raise ConfigError(
            "seeds", f"no block of seeds is called '{name}' (there are: {', '.join(BLOCKS)})"
        )
    begin, end = BLOCKS[name]
    if first < 0 or count < 1 or begin + first + count > end:
        raise ConfigError(
            "seeds",
            f"{count} seeds from number {first} on are not within the {end - begin} of '{name}'",
        )
    return np.arange(begin + first, begin + first + count)
