"""Imports everything that registers itself: our components, installed plugins, the user's files."""

import gc
import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

from quantamm_cli.config.user_files import PLUGIN, failed, module_of
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.plugins import load_plugins

_HOMES = ("settings.run", "market", "metrics", "rules", "pools", "training")
_COMPETITION = ("competition.market", "competition.strategies")
_STUDIES = ("tuning.settings",)
_guard: Callable[[], AbstractContextManager[None]] = nullcontext


def guard_imports(guard: Callable[[], AbstractContextManager[None]]) -> None:
    """From now on import JAX and our components inside ``guard()``, which delays signal handlers
    that raise.
    """
    global _guard
    _guard = guard


def load_components(plugins: tuple[str, ...] = ()) -> None:
    """Import everything that registers itself: our own components, installed plugins,
    and files the user names.

    Raises:
        ConfigError: a file that cannot be read, or raises.
    """
    _load_own(_HOMES)
    load_plugins()
    for name in plugins:
        _load_file(name)


def plugin_names(tree: JsonObject) -> tuple[str, ...]:
    """The files that ``plugins`` of a composed tree names. Raises ConfigError."""
    names = tree.get("plugins") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError("plugins", f"{names!r} is not a list of files")
    return tuple(names)


def load_strategies(plugins: tuple[str, ...] = ()) -> None:
    """``load_components``, and the markets and strategies of competitions."""
    load_components(plugins)
    _load_own(_COMPETITION)


def load_studies(plugins: tuple[str, ...] = ()) -> None:
    """``load_components``, and the samplers, pruners and objectives of studies."""
    load_components(plugins)
    _load_own(_STUDIES)


def load_plots() -> None:
    """Import the plots of reports: ours, and those of installed plugins."""
    _load_own(("reporting.plots",))
    load_plugins()


@cache
def _load_own(homes: tuple[str, ...]) -> None:
    """Import our own components, and with them JAX.

    The garbage collector is off meanwhile and skips the modules later: a tenth of the start time.
    """
    gc.disable()
    try:
        with _guard():
            for home in homes:
                importlib.import_module(f"quantamm_cli.{home}")
    finally:
        gc.enable()
    gc.freeze()


def _load_file(name: str) -> None:
    path = Path(name).expanduser().resolve()
    if not path.is_file():
        raise ConfigError("plugins", f"there is no file {name}")
    if path.suffix != ".py":
        raise ConfigError("plugins", f"{name} is not a Python file")
    try:
        module_of(path, path.read_bytes(), PLUGIN)
    except Exception as failure:  # the user's code may raise anything
        message = failed(failure, {str(path)}) or f"{name} failed: {failure}"
        raise ConfigError("plugins", message) from failure
