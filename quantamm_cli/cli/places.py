"""Overrides that name where files are, which a stored result may have moved."""

from collections.abc import Sequence

from quantamm_cli.errors import ConfigError

PLACES = (
    "runs_dir",
    "plugins",
    "data.dir",
    "data.series",
    "fees.file",
    "trades.file",
    "practice.dirs",
)


def refuse_settings(overrides: Sequence[str], what: str) -> None:
    """Raise ConfigError for an override that names no place; ``what`` is done with the result."""
    for word in overrides:
        name = word.partition("=")[0].lstrip("+")
        if not name.startswith(PLACES):
            raise ConfigError(
                name,
                f"{what} with its stored settings; only places of files can be named: "
                f"{', '.join(PLACES)}",
            )
