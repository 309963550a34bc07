"""Importing everything that registers itself: our components,
installed plugins, files of the user's.
"""

import gc
import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

from quantamm_cli.config.user_files import module_of
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.plugins import load_plugins

_HOMES = ("settings.run", "market", "metrics", "rules", "pools", "training")
_COMPETITION = ("competition.market", "competition.strategies")
_guard: Callable[[], AbstractContextManager[None]] = nullcontext


def guard_imports(guard: Callable[[], AbstractContextManager[None]]) -> None:
    """From now on import JAX and our components inside ``guard()``:
    a signal handler that raises must wait meanwhile.
    """
    global _guard
    _guard = guard


def load_components(plugins: tuple[str, ...] = ()) -> None:
    """Import everything that registers itself: our own components, installed plugins,
    and files the user names.

    Raises:
        ConfigError: a plugin that cannot be read or fails.
    """
    _load_own(_HOMES)
    load_plugins()
    for name in plugins:
        _load_file(name)


def load_strategies(plugins: tuple[str, ...] = ()) -> None:
    """As ``load_components``, and the markets and strategies of competitions too."""
    load_components(plugins)
    _load_own(_COMPETITION)


def load_plots() -> None:
    """The plots of reports: ours, and those that come with installed plugins."""
    _load_own(("reporting.plots",))
    load_plugins()


@cache
def _load_own(homes: tuple[str, ...]) -> None:
    """Our own components, and with them JAX.

    Modules stay: that the collector passes them over saves a tenth of a start.
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
        module_of(path, path.read_bytes(), "plugin")
    except Exception as failure:  # whatever a stranger's file raises is about that file
        raise ConfigError(
            "plugins", f"{name} failed: {type(failure).__name__}: {failure}"
        ) from failure
