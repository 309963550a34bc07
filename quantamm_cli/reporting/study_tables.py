"""The table of a study's trials."""

from collections.abc import Sequence

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.signs import shown
from quantamm_cli.tuning.study_document import TrialRecord


def trials_table(
    caption: str,
    trials: Sequence[TrialRecord],
    searched: Sequence[str],
    best: int | None,
    objective: str,
) -> Table:
    """A row for each trial of the study's document; its value is of ``objective``."""
    rows = []
    for each in trials:
        values = map(each["settings"].get, searched)
        remark = "best" if each["number"] == best else each.get("reason", "")
        outcome = [each["number"], each["state"], shown(objective, each["value"])]
        rows.append([*outcome, *values, each.get("run", "")[:16], remark])
    return Table.of(caption, ["trial", "state", "value", *searched, "run", ""], rows)
