"""``qsim show WHAT [NAME]``: lists components, or shows one with its settings."""

from typing import TYPE_CHECKING

from quantamm_cli.cli.command import Command
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.config.loader import Loader
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """List the components of a kind, or show the one that is named."""
    from quantamm_cli.workflows.components import show_components

    what, *names = options.words
    if len(names) > 1:
        raise ConfigError(names[1], f"expected one name: qsim show {what} {names[0]}")
    name = names[0] if names else None
    return show_components(what, name, composed.overrides, composed.config_dir)


def names(loader: "Loader", what: str) -> "Sequence[str]":
    """The names of a kind that have a YAML, or of plots."""
    from quantamm_cli.settings.groups import groups

    if what == "plots":
        from quantamm_cli.workflows.plots import plot_names

        return plot_names()
    return loader.options(groups().get(what, "experiment"))


def _verbs() -> tuple[str, ...]:
    from quantamm_cli.settings.groups import BESIDES, groups

    return (*groups(), *BESIDES)


COMMAND = Command(
    "show",
    "list the pools, rules, metrics, ..., with units and defaults",
    "WHAT [NAME]",
    place=10,
    run=run,
    verbs=_verbs,
    settings="none",
    names=names,
)
