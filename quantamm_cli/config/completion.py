"""Hydra's part of tab completion: groups, choices and keys, and its scripts for shells."""

import sys
from unittest import mock

from hydra._internal.core_plugins.bash_completion import BashCompletion
from hydra._internal.core_plugins.fish_completion import FishCompletion

from quantamm_cli.config.compose import Composer


def candidates(composer: Composer, last: str) -> list[str]:
    """Completions of ``last``, the override that is being typed after those of the composer."""
    line = " ".join([*composer.overrides, last]) + " " * (not last)
    return list(BashCompletion(composer.loader)._query(composer.name, line))


def script(shell: str, install: bool) -> None:
    """Print Hydra's script that installs or removes completion in a shell."""
    completion = FishCompletion if shell == "fish" else BashCompletion
    plugin = completion(Composer("train").loader)
    action = plugin.install if install else plugin.uninstall
    with mock.patch.object(sys, "argv", ["qsim"]):  # Hydra reads the program's name there
        action()
