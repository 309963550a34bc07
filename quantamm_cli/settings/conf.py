"""Where the shipped YAML is."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def packaged_conf() -> Path:
    """The folder of the shipped configuration: at the top of the project,
    inside the package once installed.
    """
    inside = _PACKAGE / "conf"
    return inside if inside.is_dir() else _PACKAGE.parent / "conf"
