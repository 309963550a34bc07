"""Markets are made once: kept in memory for the next line-up, and as files for the next command.

``$QSIM_CACHE/markets`` or ``markets`` in the platform's cache folder. An entry is an ``.npz``, written whole or not at all and
checked by its checksums when read; whatever goes wrong with it only costs the time to make the market again.
"""

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from quantamm_cli.competition.market.settings import MarketSettings
from quantamm_cli.competition.recent import Recent
from quantamm_cli.competition.types import Market
from quantamm_cli.errors import ConfigError
from quantamm_cli.random.compiled import digest
from quantamm_cli.settings.cache import keep
from quantamm_cli.settings.conf import cache_folder
from quantamm_cli.settings.digest import sha256

IN_MEMORY, ON_DISK = 1024**3, 1024**3
"""Bytes. A market of 1,000 simulations of 10,000 steps has 240 MB."""
_KEPT = Recent[Market](IN_MEMORY)


def markets(settings: MarketSettings, seeds: Iterable[int], steps: int) -> Market:
    """The simulations of these seeds. Each is the same whichever others are asked for with it, but for the width of the order lists.

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
    source = {"code": digest(), "kind": settings.kind, "steps": steps, "seeds": chosen.tolist()}
    name = sha256(source | settings.identity())
    if (there := _KEPT.get(name)) is not None:
        return there
    file = _file(name)
    made = _read(file)
    if made is None:
        made = settings.make(chosen, steps)
        _write(file, made)
    for part in made:
        part.flags.writeable = False
    _KEPT.keep(name, made, _size(made))
    return made


def _size(market: Market) -> int:
    return sum(part.nbytes for part in market)


def _file(name: str) -> Path | None:
    """None where the platform has no such place (no home folder)."""
    try:
        return cache_folder() / "markets" / f"{name[:32]}.npz"
    except (OSError, RuntimeError):
        return None


def _read(file: Path | None) -> Market | None:
    if file is None:
        return None
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as parts:
            found = Market(*(parts[name] for name in Market._fields))
        os.utime(file)  # the age of an entry is the time since its last use
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    return found


def _write(file: Path | None, market: Market) -> None:
    if file is not None and _size(market) <= ON_DISK // 2:
        keep(file, lambda draft: np.savez(draft, **market._asdict()), ON_DISK)
