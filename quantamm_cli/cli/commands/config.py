"""``qsim config``: shows, validates, describes, compares, copies and imports settings."""

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
    """Run the verb."""
    from quantamm_cli.workflows import settings_files

    verb, *words = options.words
    match verb:
        case "diff":
            if len(words) != 2:
                form = "A B (names of experiments, files, checkpoints, or 'default')"
                raise ConfigError("", f"expected two settings: qsim config diff {form}")
            return settings_files.compare_settings(
                words[0], words[1], composed.overrides, composed.config_dir
            )
        case "import":
            from quantamm_cli.workflows.import_fingerprint import import_fingerprint

            if len(words) != 1:
                form = "qsim config import FILE.json > mine.yaml"
                raise ConfigError("", f"expected one fingerprint of quantammsim: {form}")
            return import_fingerprint(words[0], composed.config_dir, monitor)
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
    "show, validate, describe (schema), compare (diff) or copy (init) settings; import a "
    "fingerprint of quantammsim",
    "VERB [COMMAND|A B|FOLDER|FILE] [conf=...] [key=value ...]",
    place=9,
    run=run,
    verbs=("show", "validate", "schema", "diff", "init", "import"),
    settings="none",
)


def _command(words: list[str]) -> str:
    """The command that the words name; train by default."""
    if len(words) > 1 or (words and words[0] not in COMPOSED):
        known = f"{', '.join(COMPOSED)}{did_you_mean(words[-1], COMPOSED)}"
        raise ConfigError(
            words[-1], f"is not one of {known} (for an experiment or a file write conf=...)"
        )
    return words[0] if words else "train"
