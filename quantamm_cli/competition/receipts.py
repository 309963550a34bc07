"""Receipts: the settings, sources, seeds, edges and versions with which another machine can check a
competition.
"""

import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from quantamm_cli.competition.documents import Receipt, StandingRow, StrategyRecord
from quantamm_cli.competition.results import Results
from quantamm_cli.settings.compete import Compete, Entry
from quantamm_cli.settings.digest import plain, sha256
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.plugins import plugin_versions
from quantamm_cli.version import __version__


def receipt(settings: Compete, results: Results, standings: Sequence[StandingRow]) -> Receipt:
    """The receipt of completed seeds, without its digest."""
    document: Receipt = {
        "schema": DOCUMENT,
        "fingerprint": settings.fingerprint,
        "configuration": sha256(settings.configuration()),
        "settings": settings.configuration(),
        "strategies": [_strategy(entry) for entry in settings.strategies],
        "reference": settings.names[settings.against],
        "seeds": {"first": int(results.seeds[0]), "count": len(results.seeds)},
        "standings": standings,
        "edges": {
            name: results.outcome.edge[:, place].tolist()
            for place, name in enumerate(results.all_names)
        },
        "versions": versions(),
    }
    # The folder of the prices is not part of the identity; with it, a check on the same machine
    # needs no further setting.
    folder = getattr(getattr(settings.market, "data", None), "dir", None)
    if folder is not None:
        document["places"] = {"data.dir": str(Path(folder).expanduser().resolve())}
    return document


def versions() -> dict[str, str]:
    """The versions and the device, on which numbers may depend besides settings."""
    import jax

    return {
        "qsim": __version__,
        "python": platform.python_version(),
        "jax": version("jax"),
        "jaxlib": version("jaxlib"),
        "numpy": version("numpy"),
        **plugin_versions(),
        "device": jax.devices()[0].device_kind,
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _strategy(entry: Entry) -> StrategyRecord:
    record: StrategyRecord = {
        "name": entry.name,
        "settings": plain(entry.strategy),
        "source": entry.source,
    }
    if entry.source is None:
        home = sys.modules[type(entry.strategy).__module__].__file__
        record["source"] = hashlib.sha256(Path(home).read_bytes()).hexdigest() if home else None
        return record
    record["class"] = type(entry.strategy).__name__
    if entry.file is not None:
        record["file"] = str(Path(entry.file).resolve())
    return record


def differences(stored: Mapping[str, Sequence[float | None]], results: Results) -> list[str]:
    """A line for each entrant whose edges differ: the number of seeds, the first, the largest
    difference.
    """
    lines = []
    for place, name in enumerate(results.all_names):
        expected, edge = np.asarray(stored[name], np.float64), results.outcome.edge[:, place]
        differing = np.flatnonzero(expected != edge)
        if not differing.size:
            continue
        row, largest = int(differing[0]), float(np.abs(expected - edge).max())
        lines.append(
            f"{name} differs on {differing.size} of {len(edge)} seeds by up to {largest:.3g}; seed "
            f"{int(results.seeds[row])} is the first: stored {float(expected[row])!r}, "
            f"now {float(edge[row])!r}"
        )
    return lines
