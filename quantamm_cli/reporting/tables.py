"""Tables of nested trees, such as settings and provenance."""

import json

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import JsonObject, dotted


def leaves_table(caption: str, tree: JsonObject) -> Table:
    """The values of a nested tree by dotted name."""
    rows = []
    for name, value in dotted(tree):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        rows.append((name, text))
    return Table.of(caption, ["name", "value"], rows)
