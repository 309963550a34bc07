"""Hydra's information on how settings were composed, as text."""

import contextlib
import io
import logging

from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from quantamm_cli.config.loader import Loader


def info(loader: Loader, command: str, overrides: list[str], what: str) -> str:
    """The text that Hydra logs. The handlers of the root logger are restored."""
    root, out = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    hydra = Hydra(task_name=command, config_loader=loader)
    GlobalHydra.instance().initialize(hydra)
    try:
        with contextlib.redirect_stdout(out):
            hydra.show_info(what, config_name=command, overrides=overrides)
    finally:
        root.handlers, root.level = handlers, level
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None
    return out.getvalue()
