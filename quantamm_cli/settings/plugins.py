"""Installed packages with components or commands, which declare entry points of two groups.

An entry point of ``qsim.plugins`` names a module, whose import registers its components; it is
imported with our own components, never before. One of ``qsim.commands`` names a module with a
``COMMAND``; it is imported when commands are listed, or a command that is not ours is called.
A folder ``conf`` in either package is searched for YAML after ours. Nothing else imports a package.
"""

import importlib
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMPONENTS, COMMANDS = "qsim.plugins", "qsim.commands"
_MARKS = re.compile(rf"\[(?:{COMPONENTS}|{COMMANDS})\]".encode())


def load_plugins() -> None:
    """Import the modules, each once. A module that fails is logged as a warning and skipped."""
    for point in _points(COMPONENTS):
        _load(point)


def has_components() -> bool:
    """Whether any package is installed whose components are imported with ours."""
    return bool(_points(COMPONENTS))


def plugin_folders() -> list[tuple[str, Path]]:
    """The folders of YAML of the packages, with the names of their entry points.

    Nothing is imported.
    """
    points = [*_points(COMMANDS), *_points(COMPONENTS)]
    packages = {_module(point).partition(".")[0]: point.name for point in points}
    folders: list[tuple[str, Path]] = []
    for package, name in packages.items():
        paths = [place / "conf" for place in _places(package)]
        folders += [(name, path) for path in paths if path.is_dir()]
    return folders


def plugin_versions() -> dict[str, str]:
    """The versions of the packages whose components were imported, by the name of the package."""
    versions: dict[str, str] = {}
    for point in _points(COMPONENTS):
        if _load(point) and point.dist is not None:
            versions[point.dist.name] = point.dist.version
    return versions


def command_modules() -> tuple[dict[str, ModuleType], list[str]]:
    """The modules of commands by the names of their entry points, and warnings about those that
    cannot be imported.
    """
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
    """Whether a package in a folder may have such an entry point.

    It runs at every start, so it does not use the parser of ``importlib.metadata``.
    """
    try:
        files = Path(folder or ".").glob("*.*-info/entry_points.txt")
        return any(map(_MARKS.search, map(Path.read_bytes, files)))
    except OSError:
        return True


@cache
def _load(point: "EntryPoint") -> bool:
    """Whether the module could be imported."""
    try:
        importlib.import_module(_module(point))
    except (Exception, SystemExit) as failure:  # another's package may raise anything
        import logging  # help and error messages of the command line start without it

        logging.getLogger(__name__).warning(_failed(point, failure))
        return False
    return True


def _failed(point: "EntryPoint", failure: BaseException) -> str:
    message = f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}"
    plugin = f"the plugin {point.name} ({point.value})"
    if point.dist is not None:
        plugin += f" of {point.dist.name} {point.dist.version}"
    return f"{plugin} cannot be imported: {message}"


def _module(point: "EntryPoint") -> str:
    return point.value.partition(":")[0].strip()


def _places(package: str) -> list[Path]:
    """The folders of a top-level package, which is not imported."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    return list(map(Path, spec.submodule_search_locations or ()))
