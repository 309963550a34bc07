"""Tables of values, for terminals, notebooks and pages."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import starmap
from typing import Any

Column = str | tuple[str, str]
"""A heading, or a heading and the format of the numbers below it: ``("fee", ".4f")``."""
_FORM = ".6g"
_MANY = 1e6
MISSING = "–"
"""A number that does not exist, in every table."""


class Markdown(str):
    """Text that a terminal renders in a pager; to a pipe it is written unchanged."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """Rows of values below headings."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> "Table":
        """A table of sequences of any type."""
        return cls(caption, tuple(columns), tuple(map(tuple, rows)))

    @property
    def heads(self) -> tuple[str, ...]:
        """The headings alone."""
        return tuple(head for head, _ in map(_head_and_form, self.columns))

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The rows with every value as text."""
        return self._formatted(cell)

    @property
    def typeset(self) -> tuple[tuple[str, ...], ...]:
        """``texts`` with a true minus."""
        return self._formatted(printed)

    def _formatted(self, form: Callable[[Any, str], str]) -> tuple[tuple[str, ...], ...]:
        forms = [form for _, form in map(_head_and_form, self.columns)]
        return tuple(tuple(starmap(form, zip(row, forms, strict=True))) for row in self.rows)

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column, whether it has numbers only."""
        if not self.rows:
            return (False,) * len(self.columns)
        return tuple(all(map(_number, column)) for column in zip(*self.rows, strict=True))

    def __str__(self) -> str:
        """Columns two spaces apart, numbers right-aligned, no trailing blanks."""
        rows = (self.heads, *self.texts)
        columns = []
        for column, numeric in zip(zip(*rows, strict=True), self.numeric, strict=True):
            width = max(map(len, column))
            columns.append([f"{text:{'>' if numeric else '<'}{width}}" for text in column])
        lines = map("  ".join, zip(*columns, strict=True))
        return "\n".join([*filter(None, [self.caption]), *map(str.rstrip, lines)])

    def _repr_html_(self) -> str:
        """HTML for notebooks."""
        sides = ["right" if right else "left" for right in self.numeric]

        def line(cells: Sequence[str], tag: str) -> str:
            html = ""
            for text, side in zip(cells, sides, strict=True):
                html += f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>'
            return html

        caption = ""
        if self.caption:
            caption = f"<caption>{escape(self.caption)}</caption>"
        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.texts)
        return (
            f"<table>{caption}<thead><tr>{line(self.heads, 'th')}</tr></thead><tbody>{body}</tbody>"
            "</table>"
        )


def columns_of(heads: Iterable[str], form: str) -> list[Column]:
    """Columns of numbers, all of one format."""
    return [(head, form) for head in heads]


def _head_and_form(column: Column) -> tuple[str, str]:
    if isinstance(column, str):
        return column, _FORM
    return column


def cell(value: Any, form: str) -> str:
    """One value as text; None and numbers that are not finite are a dash."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None:
        return MISSING
    if isinstance(value, list | tuple):
        return " ".join(cell(item, form) for item in value)
    if isinstance(value, float):
        return _number_text(value, form)
    return str(value)


def _number_text(value: float, form: str) -> str:
    """A number in its form; beyond a million in %g, unless the form groups thousands."""
    if not math.isfinite(value):
        return MISSING
    percent = form.endswith("%")
    shown = 100 * value if percent else value
    if form[-1:] in ("f", "%") and "," not in form and abs(shown) >= _MANY:
        sign = "+" if form.startswith("+") else ""
        return f"{shown:{sign}g}" + "%" * percent
    return format(value, form)


def printed(value: Any, form: str) -> str:
    """``cell`` with a true minus."""
    text = cell(value, form)
    return text if isinstance(value, str) else text.replace("-", "−")


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
