"""The folder of the shipped YAML."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def packaged_conf() -> Path:
    """The folder of the shipped configuration: at the top of the project, or in the installed
    package.
    """
    inside = _PACKAGE / "conf"
    return inside if inside.is_dir() else _PACKAGE.parent / "conf"
