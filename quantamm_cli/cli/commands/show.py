"""``qsim show WHAT [NAME]``: the components there are; one of them with its settings."""

from quantamm_cli.cli.options import Options
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError
from quantamm_cli.workflows.components import Components, show_components
from quantamm_cli.workflows.monitor import Monitor


def run(composed: Composed, options: Options, monitor: Monitor) -> Components:
    """List what there is of a kind, or show the one that is named."""
    what, *names = options.words
    if len(names) > 1:
        raise ConfigError(names[1], f"one name at a time: qsim show {what} {names[0]}")
    return show_components(what, names[0] if names else None, composed.overrides, composed.config_dir)
