"""Nested trees, such as settings and what made a run, as tables."""

import json

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import JsonObject, dotted


def settings(caption: str, tree: JsonObject) -> Table:
    """A nested tree as dotted keys and their values."""
    rows = [(key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for key, value in dotted(tree)]
    return Table.of(caption, ["name", "value"], rows)
