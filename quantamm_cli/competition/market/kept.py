"""Markets are made once: kept in memory for the next line-up, and as files for the next command.

Files are in ``markets`` of the cache folder: an ``.npz`` for each market, with checksums.
"""

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from quantamm_cli.competition.lru import Recent
from quantamm_cli.competition.market.settings import MarketSettings
from quantamm_cli.competition.types import Market
from quantamm_cli.errors import ConfigError
from quantamm_cli.random.compiled import digest_of, sources
from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.digest import sha256

_KEPT = Recent[Market](2**30)
_FILES = Cache("markets", "*.npz", most_bytes=2**30)
"""A market of 1,000 simulations of 10,000 steps has 240 MB."""


def markets(settings: MarketSettings, seeds: Iterable[int], steps: int) -> Market:
    """The simulations of these seeds.

    Each is the same whichever others are asked for with it, but for the width of the order lists.

    Args:
        seeds: whole numbers of 64 bits.
        steps: how many; the first steps of a longer market are those of a shorter one.

    Returns:
        Arrays that cannot be written to: they are shared.

    Raises:
        ConfigError: no seeds, a seed twice, no steps, or history that does not go that far.
        DataError: prices that are not there.
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
    if (there := _KEPT.get(name)) is not None:
        return there
    entry = f"{name[:32]}.npz"
    made = _FILES.get(entry, _read)
    if made is None:
        made = settings.make(chosen, steps)
        if _size(made) <= _FILES.most_bytes / 2:  # a larger one would drive out all others
            parts = made._asdict()
            _FILES.keep(entry, lambda file: np.savez(file, **parts))
    for part in made:
        part.flags.writeable = False
    _KEPT.keep(name, made, _size(made))
    return made


@cache
def _code(market: type[MarketSettings]) -> str:
    """A digest of all that makes this market, be it ours or a user's."""
    own = getattr(sys.modules.get(market.__module__), "__file__", None)
    files = {*Path(__file__).parent.glob("*.py"), *sources(), *([Path(own)] if own else [])}
    return digest_of(sorted(files))


def _size(market: Market) -> int:
    return sum(part.nbytes for part in market)


def _read(file: BinaryIO) -> Market:
    with np.load(file, allow_pickle=False) as parts:
        return Market(*(parts[name] for name in Market._fields))
