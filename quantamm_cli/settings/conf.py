"""Where things are: the YAML, and what may be computed again."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def packaged_conf() -> Path:
    """The folder of the shipped configuration: at the top of the project, inside the package once installed."""
    inside = _PACKAGE / "conf"
    return inside if inside.is_dir() else _PACKAGE.parent / "conf"


def cache_folder() -> Path:
    """The user's cache of prices, compiled programs and traces; ``QSIM_CACHE`` names another. It may not exist yet."""
    from platformdirs import user_cache_path

    named = os.environ.get("QSIM_CACHE")
    return Path(named).expanduser() if named else user_cache_path("qsim")
