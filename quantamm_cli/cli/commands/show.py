"""``qsim show WHAT [NAME]``: the components there are; one of them with its settings."""

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
    """List what there is of a kind, or show the one that is named."""
    from quantamm_cli.workflows.components import show_components

    what, *names = options.words
    if len(names) > 1:
        raise ConfigError(names[1], f"one name at a time: qsim show {what} {names[0]}")
    return show_components(
        what, names[0] if names else None, composed.overrides, composed.config_dir
    )


def names(loader: "Loader", what: str) -> "Sequence[str]":
    """The names of a kind that have a YAML."""
    from quantamm_cli.workflows.components import GROUPS

    return loader.options(GROUPS.get(what, "experiment"))


COMMAND = Command(
    "show",
    "the pools, rules, metrics, ... there are, with units and defaults",
    "WHAT [NAME]",
    place=10,
    run=run,
    verbs=(
        "pools",
        "rules",
        "metrics",
        "fits",
        "guards",
        "fees",
        "trades",
        "data",
        "splits",
        "practices",
        "strategies",
        "markets",
        "experiments",
    ),
    settings="none",
    names=names,
)
