"""Installed packages with components: those that declare an entry point in the group ``qsim.plugins``.

The entry point names a module, whose import registers what it defines. A folder ``conf`` in its package is searched for YAML
after ours. Packages are looked for without importing them; they are imported with our own components, never before.
"""

import importlib
import logging
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "qsim.plugins"


def load_plugins() -> None:
    """Import the modules, each once. One that fails costs a warning: what it would have registered is then not there."""
    for point in _points():
        _load(point)


def plugin_folders() -> list[tuple[str, Path]]:
    """The folders of YAML that come with the packages, with the names of their entry points. Nothing is imported."""
    packages = {_module(point).partition(".")[0]: point.name for point in _points()}
    places = [(name, place) for package, name in packages.items() for place in _places(package)]
    return [(name, place / "conf") for name, place in places if (place / "conf").is_dir()]


def plugin_versions() -> dict[str, str]:
    """The versions of the packages whose components there are, by the name of the package."""
    packages = [point.dist for point in _points() if _load(point)]
    return {package.name: package.version for package in packages if package is not None}


@cache
def _points() -> tuple["EntryPoint", ...]:
    if not any(map(_declares, sys.path)):
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda point: point.name))


def _declares(folder: str) -> bool:
    """Whether a package in a folder of packages may have such an entry point: read at every start, so without the metadata's parser."""
    mark = f"[{GROUP}]".encode()
    try:
        return any(
            mark in path.read_bytes()
            for path in Path(folder or ".").glob("*.*-info/entry_points.txt")
        )
    except OSError:
        return True


@cache
def _load(point: "EntryPoint") -> bool:
    """Whether the module could be imported."""
    try:
        importlib.import_module(_module(point))
    except (Exception, SystemExit) as failure:  # whatever a stranger's package raises
        message = " ".join(str(failure).split())[:300]
        package = "" if point.dist is None else f" of {point.dist.name} {point.dist.version}"
        warning = (
            f"the plugin {point.name} ({point.value}){package} cannot be imported: "
            f"{type(failure).__name__}: {message}"
        )
        logging.getLogger(__name__).warning(warning)
        return False
    return True


def _module(point: "EntryPoint") -> str:
    return point.value.partition(":")[0].strip()


def _places(package: str) -> list[Path]:
    """The folders of a package on the top level, which finding does not import."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
