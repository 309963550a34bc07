"""What made a result besides its settings: versions, machine, data paths."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.settings.computed_by import processor_name, variables
from quantamm_cli.settings.history import metric_meanings
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.plugins import plugin_versions
from quantamm_cli.settings.run import Simulate
from quantamm_cli.version import __version__

if TYPE_CHECKING:
    from quantamm_cli.market import Market


def provenance(settings: Simulate, market: "Market") -> JsonObject:
    """What made a run besides its settings; not part of its fingerprint."""
    import jax

    optional = {
        "plugins": plugin_versions(),
        "meanings": metric_meanings(),
        "environment": variables(),
    }
    return {
        "qsim": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("jax", "jaxlib", "numpy", "optax")},
        **{name: versions for name, versions in optional.items() if versions},
        "device": jax.devices()[0].device_kind,
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "git": _commit(),
        "places": places(settings),
        "burn_in_days": market.burn_in / 1440,
        "carried": market.carried,
    }


def places(settings: Simulate) -> dict[str, str | list[str]]:
    """The paths of the data, by dotted setting; the fingerprint does not contain them."""
    paths: dict[str, str | list[str]] = {}
    for name in ("data", "fees", "trades", "practice"):
        part = getattr(settings, name, None)
        if part is None:  # only a training has a practice
            continue
        for field in sorted(part.paths):
            value = getattr(part, field)
            if isinstance(value, dict):
                paths |= {f"{name}.{field}.{key}": path for key, path in value.items()}
            elif isinstance(value, tuple):
                paths[f"{name}.{field}"] = list(value)
            elif value is not None:
                paths[f"{name}.{field}"] = value
    return paths


def _commit() -> str | None:
    """The commit of the source tree; None outside of a git checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=5, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
