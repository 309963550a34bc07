"""A cache of markets: in memory for the next line-up, in files for the next command.

Files are in ``markets`` of the cache folder: an ``.npz`` for each market, with checksums.
"""

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from quantamm_cli.competition.lru import LruCache
from quantamm_cli.competition.market.settings import MarketSettings
from quantamm_cli.competition.types import Market
from quantamm_cli.errors import ConfigError
from quantamm_cli.random.compiled import digest_of, sources
from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.digest import sha256

_CACHE = LruCache[Market](2**30)
_FILES = Cache("markets", "*.npz", most_bytes=2**30)
"""A market of 1,000 simulations of 10,000 steps has 240 MB."""


def markets(settings: MarketSettings, seeds: Iterable[int], steps: int) -> Market:
    """The simulations of these seeds.

    A simulation does not depend on the other seeds; only the width of the order lists does.

    Args:
        seeds: integers of 64 bits.
        steps: number of steps; a longer market begins with the steps of a shorter one.

    Returns:
        Read-only arrays, because they are shared.

    Raises:
        ConfigError: no seeds, a seed twice, no steps, or a history that is too short.
        DataError: prices that cannot be read.
    """
    chosen = np.array(list(seeds), dtype=np.int64)
    if chosen.size == 0 or steps < 1:
        raise ConfigError(
            "seeds" if steps > 0 else "steps",
            f"{chosen.size} simulations of {steps} steps; give at least one of each",
        )
    if np.unique(chosen).size < chosen.size:
        raise ConfigError(
            "seeds", f"{chosen.size - np.unique(chosen).size} seeds are given twice; give each once"
        )
    source = {"code": _code(type(settings)), "kind": settings.kind, "steps": steps}
    name = sha256(source | {"seeds": chosen.tolist()} | settings.identity())
    cached = _CACHE.get(name)
    if cached is not None:
        return cached
    entry = f"{name[:32]}.npz"
    made = _FILES.get(entry, _read)
    if made is None:
        made = settings.make(chosen, steps)
        if _size(made) <= _FILES.most_bytes / 2:  # a larger one would evict all others
            parts = made._asdict()
            _FILES.keep(entry, lambda file: np.savez(file, **parts))
    for part in made:
        part.flags.writeable = False
    _CACHE.put(name, made, _size(made))
    return made


@cache
def _code(market: type[MarketSettings]) -> str:
    """A digest of all code that makes this market, this package's or a user's."""
    files = {*Path(__file__).parent.glob("*.py"), *sources()}
    file = getattr(sys.modules.get(market.__module__), "__file__", None)
    if file:
        files.add(Path(file))
    return digest_of(files)


def _size(market: Market) -> int:
    return sum(part.nbytes for part in market)


def _read(file: BinaryIO) -> Market:
    with np.load(file, allow_pickle=False) as parts:
        return Market(*(parts[name] for name in Market._fields))
