"""Tables of components: a list of them, and the settings and parameters of one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json

_LISTED = ("name", "unit", "says", "runs", "needs", "command", "parameters", "summary")
_PARAMETER = ("name", "raw", "unit", "default", "low", "high", "also")


class Setting(Protocol):
    """A setting of a component."""

    @property
    def name(self) -> str: ...
    @property
    def default(self) -> Json: ...
    @property
    def text(self) -> str: ...


def listing_table(components: Sequence[Mapping[str, Json]]) -> Table:
    """A row for each component; a column is left out if it would be empty."""
    filled = {key for each in components for key, value in each.items() if value}
    heads = [key for key in _LISTED if key in filled]
    rows = [_cells(each, heads) for each in components]
    return Table.of("", heads, rows)


def settings_table(settings: Sequence[Setting]) -> Table:
    """A row for each setting."""
    rows = [[each.name, value_text(each.default), each.text] for each in settings]
    return Table.of("", ["setting", "default", "meaning"], rows)


def declared_table(parameters: Sequence[Mapping[str, Json]]) -> Table:
    """A row for each parameter that a component declares."""
    rows = [_cells(each, _PARAMETER) for each in parameters]
    return Table.of("params.NAME", _PARAMETER, rows)


def _cells(component: Mapping[str, Json], heads: Sequence[str]) -> list[str]:
    return [value_text(component.get(head)) for head in heads]


def _item_text(item: Json) -> str:
    if isinstance(item, Mapping):
        return str(item["name"])
    return str(item)


def value_text(value: Json) -> str:
    """A value as YAML spells it; of a list its items, or their names."""
    if isinstance(value, list):
        return ", ".join(map(_item_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    return str(value)
