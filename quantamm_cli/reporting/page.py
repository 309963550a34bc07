"""Makes self-contained HTML pages without scripts or network access, for wide screens and phones,
light and dark.
"""

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from quantamm_cli.reporting.table import Table

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --soft: #5a5a5a; --paper: #ffffff;
  --rule: #d9d9d9; --card: #f5f6f8; --mark: #8a3b00 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --soft: #a8a8a8; --paper: #16181b; --rule: #3a3d42; --card: #202328;
    --mark: #ffb37a }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1040px; padding: 1rem; background: var(--paper);
  color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; margin: .5rem 0 }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; padding-top: .5rem;
  border-top: 1px solid var(--rule) }
p { margin: .3rem 0; overflow-wrap: anywhere }
.warning { color: var(--mark); font-weight: 600; border-left: 4px solid var(--mark);
  padding-left: .6rem }
figure { margin: 1rem 0 }
figcaption, caption { color: var(--soft); font-size: .9rem }
img { display: block; width: 840px; max-width: 100%; height: auto; background: #fff;
  border-radius: 6px }
.wide { overflow-x: auto; margin: .8rem 0 }
table { border-collapse: collapse; min-width: 17rem; font-size: .9rem;
  font-variant-numeric: tabular-nums }
caption { text-align: left; padding-bottom: .3rem; white-space: pre-line }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule) }
thead th { color: var(--soft); font-weight: 600 }
tbody th { font-weight: 500 }
.numbers th, .numbers td { white-space: nowrap }
.numbers td, .numbers thead th { text-align: right }
.numbers td.text, .numbers thead th.text, .numbers thead th:first-child { text-align: left }
.numbers th:first-child { position: sticky; left: 0; background: var(--paper) }
details .numbers th:first-child { background: var(--card) }
.words th, .words td { overflow-wrap: anywhere }
.words th { min-width: 7.5rem }
.words td { min-width: 9rem }
details { background: var(--card); border-radius: 6px; padding: .4rem .8rem; margin: .8rem 0 }
summary { cursor: pointer; font-weight: 600 }
@media (max-width: 600px) { .numbers tbody th:first-child { white-space: normal; min-width: 6rem;
  max-width: 8.5rem } }
@media print { details { break-inside: avoid } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Picture:
    """A PNG with its caption."""

    png: bytes
    caption: str


@dataclass(frozen=True)
class Section:
    """A heading, and below it paragraphs, pictures, and tables with text between them.

    A ``folded`` section opens when its heading is clicked.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table | str, ...] = ()
    folded: bool = False


def page(
    title: str, paragraphs: Sequence[str], sections: Sequence[Section], warning: str = ""
) -> str:
    """The page as text, to be written in UTF-8; equal content gives equal text."""
    alert = ""
    if warning:
        alert = f'<p class="warning">{escape(warning)}</p>\n'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{_paragraphs(paragraphs)}{alert}"
        + "".join(map(_section, sections))
        + "</main>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    inside = (
        _paragraphs(section.paragraphs)
        + "".join(map(_picture, section.pictures))
        + "".join(map(_part, section.tables))
    )
    if section.folded:
        return f"<details>\n<summary>{escape(section.heading)}</summary>\n{inside}</details>\n"
    return f"<section>\n<h2>{escape(section.heading)}</h2>\n{inside}</section>\n"


def _paragraphs(paragraphs: Sequence[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>\n" for text in paragraphs)


def _picture(picture: Picture) -> str:
    width, height = struct.unpack(">II", picture.png[16:24])
    data = base64.b64encode(picture.png).decode("ascii")
    image = (
        f'<img src="data:image/png;base64,{data}" alt="{escape(picture.caption)}" '
        f'width="{width}" height="{height}">'
    )
    return f"<figure>\n{image}\n<figcaption>{escape(picture.caption)}</figcaption>\n</figure>\n"


def _part(part: Table | str) -> str:
    if isinstance(part, str):
        return _paragraphs([part])
    return _table(part)


def _table(table: Table) -> str:
    sides = ["" if numeric else ' class="text"' for numeric in table.numeric]
    sides[0] = ""
    heads = ""
    for head, side in zip(table.heads, sides, strict=True):
        heads += f'<th scope="col"{side}>{escape(head)}</th>'
    rows = "".join(f"<tr>{_row(cells, sides)}</tr>\n" for cells in table.typeset)
    # A table wider than a phone scrolls by itself, with the keyboard too; the page does not.
    return (
        f'<div class="wide" role="region" aria-label="{escape(table.caption)}" tabindex="0">\n'
        f'<table class="{"numbers" if any(table.numeric) else "words"}">\n'
        f"<caption>{escape(table.caption)}</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n"
        "<tbody>\n"
        f"{rows}</tbody>\n"
        "</table>\n"
        "</div>\n"
    )


def _row(cells: Sequence[str], sides: Sequence[str]) -> str:
    row = f'<th scope="row">{escape(cells[0])}</th>'
    for cell, side in zip(cells[1:], sides[1:], strict=True):
        row += f"<td{side}>{escape(cell)}</td>"
    return row
