"""A study as a table: its trials."""

from collections.abc import Sequence

from quantamm_cli.reporting.table import Table
from quantamm_cli.tuning.study_document import TrialRecord


def trials_table(
    caption: str, trials: Sequence[TrialRecord], searched: Sequence[str], best: int | None
) -> Table:
    """A row a trial, as JSON has them."""
    rows = []
    for each in trials:
        chosen = [each["settings"].get(key) for key in searched]
        remark = "best" if each["number"] == best else each.get("reason", "")
        rows.append(
            [
                each["number"],
                each["state"],
                each["value"],
                *chosen,
                each.get("run", "")[:16],
                remark,
            ]
        )
    return Table.of(caption, ["trial", "state", "value", *searched, "run", ""], rows)
