"""Installed packages with components or commands: they declare entry points of two groups.

An entry point of ``qsim.plugins`` names a module, whose import registers what it defines; it is
imported with our own components, never before. One of ``qsim.commands`` names a module with a
``COMMAND``; it is imported where commands are listed, or one is asked for that is none of ours.
A folder ``conf`` in either package is searched for YAML after ours. Nothing else imports a package.
"""

import importlib
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMPONENTS, COMMANDS = "qsim.plugins", "qsim.commands"
_MARKS = tuple(f"[{group}]".encode() for group in (COMPONENTS, COMMANDS))


def load_plugins() -> None:
    """Import the modules, each once. One that fails costs a warning: what it would have registered is then not there."""
    for point in _points(COMPONENTS):
        _load(point)


def plugin_folders() -> list[tuple[str, Path]]:
    """The folders of YAML that come with the packages, with the names of their entry points. Nothing is imported."""
    points = [*_points(COMMANDS), *_points(COMPONENTS)]
    packages = {_module(point).partition(".")[0]: point.name for point in points}
    places = [(name, place) for package, name in packages.items() for place in _places(package)]
    return [(name, place / "conf") for name, place in places if (place / "conf").is_dir()]


def plugin_versions() -> dict[str, str]:
    """The versions of the packages whose components there are, by the name of the package."""
    packages = [point.dist for point in _points(COMPONENTS) if _load(point)]
    return {package.name: package.version for package in packages if package is not None}


def command_modules() -> tuple[dict[str, ModuleType], list[str]]:
    """The modules of commands by the names of their entry points, and what is wrong with others."""
    modules: dict[str, ModuleType] = {}
    warnings = []
    for point in _points(COMMANDS):
        try:
            modules[point.name] = importlib.import_module(_module(point))
        except (Exception, SystemExit) as failure:
            warnings.append(_failed(point, failure))
    return modules, warnings


@cache
def _points(group: str) -> tuple["EntryPoint", ...]:
    if not _declared():
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=group), key=lambda point: point.name))


@cache
def _declared() -> bool:
    return any(map(_declares, sys.path))


def _declares(folder: str) -> bool:
    """Whether a package in a folder of packages may have such an entry point: read at every start, so without the metadata's parser."""
    try:
        files = Path(folder or ".").glob("*.*-info/entry_points.txt")
        return any(mark in text for text in map(Path.read_bytes, files) for mark in _MARKS)
    except OSError:
        return True


@cache
def _load(point: "EntryPoint") -> bool:
    """Whether the module could be imported."""
    try:
        importlib.import_module(_module(point))
    except (Exception, SystemExit) as failure:  # whatever a stranger's package raises
        import logging  # help and typos are answered without it

        logging.getLogger(__name__).warning(_failed(point, failure))
        return False
    return True


def _failed(point: "EntryPoint", failure: BaseException) -> str:
    message = f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}"
    package = "" if point.dist is None else f" of {point.dist.name} {point.dist.version}"
    return f"the plugin {point.name} ({point.value}){package} cannot be imported: {message}"


def _module(point: "EntryPoint") -> str:
    return point.value.partition(":")[0].strip()


def _places(package: str) -> list[Path]:
    """The folders of a package on the top level, which finding does not import."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
