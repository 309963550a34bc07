"""A table of values, which a terminal, a notebook and a page show each in its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

Column = str | tuple[str, str]
"""A heading, or a heading and the format of the numbers below it: ``("fee", ".4f")``."""
_FORM = ".6g"


class Markdown(str):
    """Text that a terminal renders and pages, and a pipe gets as it is."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """Rows of values below headings."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> "Table":
        """From sequences of any type."""
        return cls(caption, tuple(columns), tuple(map(tuple, rows)))

    @property
    def heads(self) -> tuple[str, ...]:
        """The headings alone."""
        return tuple(column if isinstance(column, str) else column[0] for column in self.columns)

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The rows with every value as text."""
        return tuple(
            tuple(cell(value, form) for value, form in zip(row, self._forms, strict=True))
            for row in self.rows
        )

    @property
    def typeset(self) -> tuple[tuple[str, ...], ...]:
        """As ``texts``, with the signs of printed pages: a true minus,
        an en dash for what is not there.
        """
        return tuple(
            tuple(printed(value, form) for value, form in zip(row, self._forms, strict=True))
            for row in self.rows
        )

    @property
    def _forms(self) -> list[str]:
        return [_FORM if isinstance(column, str) else column[1] for column in self.columns]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold nothing but numbers."""
        return tuple(
            bool(self.rows) and all(_number(row[i]) for row in self.rows)
            for i in range(len(self.columns))
        )

    def __str__(self) -> str:
        """Columns two spaces apart, numbers to the right, no trailing blanks."""
        lines, rows = [self.caption] if self.caption else [], (self.heads, *self.texts)
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        for row in rows:
            padded = [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(row, widths, self.numeric, strict=True)
            ]
            lines.append("  ".join(padded).rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks."""

        def line(cells: Sequence[str], tag: str) -> str:
            sides = ["right" if right else "left" for right in self.numeric]
            return "".join(
                f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>'
                for text, side in zip(cells, sides, strict=True)
            )

        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.texts)
        return (
            f"<table>{caption}<thead><tr>{line(self.heads, 'th')}</tr></thead><tbody>{body}</tbody>"
            "</table>"
        )


def cell(value: Any, form: str) -> str:
    """One value as text; what is not there, or not a number, is a dash."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or value != value:
        return "-"
    if isinstance(value, list | tuple):
        return " ".join(cell(item, form) for item in value)
    if isinstance(value, float):
        return format(value, form)
    return str(value)


def printed(value: Any, form: str) -> str:
    """As ``cell``, with the signs of printed pages."""
    text = cell(value, form)
    if isinstance(value, str):
        return text
    return "–" if text == "-" else text.replace("-", "−")


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
