"""Nested trees, such as settings and what made a run, as tables."""

import json

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import JsonObject, dotted


def leaves_table(caption: str, tree: JsonObject) -> Table:
    """The values of a nested tree by dotted name."""
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in dotted(tree)
    ]
    return Table.of(caption, ["name", "value"], rows)
