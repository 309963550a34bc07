"""What another machine needs to check a competition: settings, sources, seeds,
the edge of every seed, versions.
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
    """The receipt of played seeds, without its digest."""
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
    # Where the prices were does not name the competition, but who checks it there need not say it.
    folder = getattr(getattr(settings.market, "data", None), "dir", None)
    if folder is not None:
        document["places"] = {"data.dir": str(Path(folder).expanduser().resolve())}
    return document


def versions() -> dict[str, str]:
    """What numbers may depend on besides settings."""
    import jax

    return {
        "qsim": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("jax", "jaxlib", "numpy")},
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


def differences(written: Mapping[str, Sequence[float | None]], found: Results) -> list[str]:
    """What is not the same, a line an entrant: on how many seeds, on which first, by how much."""
    lines = []
    for place, name in enumerate(found.all_names):
        was, now = np.asarray(written[name], np.float64), found.outcome.edge[:, place]
        apart = np.flatnonzero(was != now)
        if apart.size:
            row = int(apart[0])
            then, here = float(was[row]), float(now[row])
            first = f"first seed {int(found.seeds[row])}: {then!r} was written, {here!r} came"
            worst = float(np.abs(was - now).max())
            lines.append(
                f"{name} differs on {apart.size} of {len(now)} seeds by up to {worst:.3g}, {first}"
            )
    return lines
