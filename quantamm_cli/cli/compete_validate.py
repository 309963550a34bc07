"""``qsim compete validate STRATEGY``: whether it keeps the rules, with the first input for which it does not."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.config.components import load_strategies
from quantamm_cli.config.entrants import blamed, entries
from quantamm_cli.errors import ConfigError
from quantamm_cli.workflows.runtime import start_jax


def validate(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Try it; returns the JSON object. Raises ConfigError for the first rule it breaks."""
    from quantamm_cli.competition.strategy import Strategy
    from quantamm_cli.config.compose import Composer

    if len(options.words) != 2:
        raise ConfigError("validate", "takes one strategy: qsim compete validate NAME, or FILE.py:Class")
    load_strategies(tuple(tree.get("plugins") or ()))
    loader = Composer("compete", (), options.config_dir).loader
    (entry,) = entries([options.words[1]], tree["strategy"], loader)
    start_jax()
    from quantamm_cli.competition.validation import validated

    with blamed([str(Path(entry.file).resolve())] if entry.file else []):
        checks = validated(Strategy.typed(entry.strategy))
    console.table(entry.name, ["rule", "", ""], [[check.name, "kept" if check.passed else "BROKEN", check.told] for check in checks])
    broken = next((check for check in checks if not check.passed), None)
    if broken is not None:
        inputs = "; ".join(f"{key} {value}" for key, value in (broken.inputs or {}).items())
        raise ConfigError(entry.name, f"breaks '{broken.name}': {broken.told}{f' [{inputs}]' if inputs else ''}")
    return {"strategy": entry.name, "valid": True, "checks": [check._asdict() for check in checks]}
