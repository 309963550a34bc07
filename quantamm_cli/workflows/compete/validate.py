"""Whether a strategy keeps the rules, and the first input for which it breaks one."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantamm_cli.competition.code import files_of
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.validation import Check, check_strategy
from quantamm_cli.config.user_files import reporting_user_errors
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Entry
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax


@dataclass(frozen=True)
class Validation(Result):
    """Every rule, and whether the strategy keeps it."""

    entry: Entry
    checks: tuple[Check, ...]

    def to_dict(self) -> dict[str, Json]:
        return {
            "strategy": self.entry.name,
            "valid": True,
            "checks": [_written(check) for check in self.checks],
        }

    def tables(self) -> Sequence[Table | str]:
        rows = [
            [check.name, "kept" if check.passed else "BROKEN", check.detail]
            for check in self.checks
        ]
        return [Table.of(self.entry.name, ["rule", "", ""], rows)]

    def refuse(self) -> None:
        """Raise ConfigError for the first rule that is broken."""
        broken = next((check for check in self.checks if not check.passed), None)
        if broken is not None:
            message = f"breaks '{broken.name}': {broken.detail}"
            if broken.inputs:
                inputs = "; ".join(f"{key} {value}" for key, value in broken.inputs.items())
                message += f" [{inputs}]"
            raise ConfigError(self.entry.name, message)


def _written(check: Check) -> dict[str, Json]:
    """A check by the keys of its JSON."""
    return {
        "name": check.name,
        "passed": check.passed,
        "told": check.detail,
        "inputs": check.inputs,
    }


def validate(entry: Entry) -> Validation:
    """Check every rule."""
    start_jax()
    with reporting_user_errors(files_of([entry])):
        return Validation(entry, tuple(check_strategy(Strategy.typed(entry.strategy))))
