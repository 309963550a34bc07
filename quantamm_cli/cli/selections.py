"""What every selection rule makes of a run."""

from typing import Any

from quantamm_cli.cli.options import Options
from quantamm_cli.errors import ConfigError
from quantamm_cli.store.runs import Run


def selections(found: Run, options: Options) -> dict[str, Any]:
    """Step, set and scores of every selection rule that chooses something."""
    from quantamm_cli.cli.stored import scoreboard
    from quantamm_cli.training.selection import RULES, select

    if not found.entries:
        return {}
    metric = found.settings["split"]["selection_metric"] or found.settings["metric"]["kind"]
    entries = found.history() if options.minimum else found.entries
    board, told = scoreboard(entries, metric), {}
    for rule in RULES:
        try:
            choice = select(board, rule, options.minimum)
        except ConfigError:
            continue
        entry = entries[choice.entry]
        scores = {period: numbers[metric][choice.set] for period, numbers in entry["metrics"].items()}
        told[rule] = {"step": entry["step"], "set": choice.set, "metric": metric, "scores": scores}
    return told
