"""``qsim config``: the settings themselves, shown, validated, described, compared, copied out."""

from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.cli.command import Command
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

COMPOSED = ("train", "simulate", "evaluate", "report", "tune", "compete")


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """What the verb asks for."""
    from quantamm_cli.workflows import settings_files

    verb, *words = options.words
    match verb:
        case "diff":
            if len(words) != 2:
                raise ConfigError(
                    "",
                    "takes two: qsim config diff A B (names of experiments, files, "
                    "checkpoints, or 'default')",
                )
            return settings_files.compare_settings(
                words[0], words[1], composed.overrides, composed.config_dir
            )
        case "init":
            return settings_files.copy_settings(Path(words[0] if words else "conf"))
        case "schema":
            return settings_files.schema_of(_command(words))
        case "show":
            return settings_files.compose_settings(
                _command(words), composed.overrides, composed.config_dir
            )
        case _:
            return settings_files.validate_settings(
                _command(words), composed.overrides, composed.config_dir
            )


COMMAND = Command(
    "config",
    "show, validate, schema, diff, init: the settings themselves",
    "VERB [COMMAND|A B|FOLDER] [conf=...] [key=value ...]",
    place=9,
    run=run,
    verbs=("show", "validate", "schema", "diff", "init"),
    settings="none",
)


def _command(words: list[str]) -> str:
    """The command whose settings are meant."""
    if len(words) > 1 or (words and words[0] not in COMPOSED):
        near = did_you_mean(words[-1], COMPOSED)
        raise ConfigError(
            words[-1],
            f"not one of {', '.join(COMPOSED)}{near} (for an experiment or a file write conf=...)",
        )
    return words[0] if words else "train"
