"""The only printer. Results go to stdout; progress, notes and warnings to stderr.

With ``--json`` stdout carries one JSON object and nothing else, so tables move to stderr. ``rich`` is imported when a
terminal gets a table or a bar, not before.
"""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from quantamm_cli.cli.progress import Bar, LineBar, RichBar


class Console:
    """What a command may say. ``command`` heads its errors and its JSON."""

    def __init__(self, command: str = "", *, json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.command = command
        self.json = json
        self.quiet = quiet
        self.verbose = verbose
        self._silent = False

    def muted(self) -> "Console":
        """The same console for one job of a sweep: the sweep prints the results."""
        other = Console(self.command, json=self.json, quiet=self.quiet, verbose=self.verbose)
        other._silent = True
        return other

    @property
    def out(self) -> TextIO:
        """Where tables and text go."""
        return sys.stderr if self.json else sys.stdout

    def result(self, value: Mapping[str, Any]) -> None:
        """The object a command returns: printed with --json, otherwise the tables have said it."""
        if self.json and not self._silent:
            print(json.dumps(finite(value), allow_nan=False), file=sys.stdout)

    def say(self, text: str) -> None:
        """Text that was asked for; with --json the object says it."""
        if not self.json:
            print(text, file=sys.stdout)

    def note(self, text: str) -> None:
        """Something good to know; -q leaves it out."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def detail(self, text: str) -> None:
        """Something only -v asks for."""
        if self.verbose:
            print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Something that may be wrong; printed even with -q."""
        print(f"qsim {self.command}: warning: {text}", file=sys.stderr)

    def failure(self, code: int, where: str, message: str) -> None:
        """One line on stderr and, with --json, the object of a failure on stdout."""
        head = f"qsim {self.command}".rstrip()
        where, message = " ".join(where.split()), " ".join(message.split())
        print(f"{head}: {where}: {message}" if where else f"{head}: {message}", file=sys.stderr, flush=True)
        if self.json and not self._silent:
            print(json.dumps(failed(self.command, code, where, message)), file=sys.stdout, flush=True)

    def stopped(self, code: int, message: str) -> None:
        """The failure of a signal; the cursor comes back if a bar had hidden it. Safe from another thread."""
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\n")
        self.failure(code, "", message)

    def table(self, title: str, columns: Sequence[str | tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
        """Rows under headings. A column is a heading, or a heading and the format of its numbers (``('fee', '.4f')``)."""
        if self.json and self.quiet:
            return
        heads = [column if isinstance(column, str) else column[0] for column in columns]
        specs = [".6g" if isinstance(column, str) else column[1] for column in columns]
        texts = [[cell(value, spec) for value, spec in zip(row, specs, strict=True)] for row in rows]
        right = [bool(rows) and all(_number(row[i]) or row[i] is None for row in rows) for i in range(len(heads))]
        if self.out.isatty():
            _rich_table(self.out, title, heads, texts, right)
        else:
            print(plain_table(title, heads, texts, right), file=self.out)

    @contextmanager
    def progress(self, total: int | None, description: str) -> Iterator[Bar]:
        """A bar on a terminal; a line every 10 seconds with -v; otherwise nothing."""
        if self.quiet:
            bar: Bar = Bar()
        elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            bar = RichBar(total, description)
        else:
            bar = LineBar(total, description) if self.verbose else Bar()
        try:
            yield bar
        finally:
            bar.close()


def failed(command: str, code: int, where: str, message: str) -> dict[str, Any]:
    """The object of a failure."""
    return {"command": command, "error": {"code": code, "where": where, "message": message}}


def finite(value: Any) -> Any:
    """A tree JSON can hold: numbers finite or null, arrays as lists, paths as text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def cell(value: Any, spec: str) -> str:
    """One value as text; what is not there, or not a number, is a dash."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or value != value:
        return "-"
    if isinstance(value, list | tuple):
        return " ".join(cell(item, spec) for item in value)
    if isinstance(value, float):
        return format(value, spec)
    return str(value)


def plain_table(title: str, heads: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Columns two spaces apart, numbers to the right, no trailing blanks."""
    widths = [max(len(text) for text in (head, *(row[i] for row in texts))) for i, head in enumerate(heads)]
    lines = [title] if title else []
    for row in (heads, *texts):
        padded = [text.rjust(width) if side else text.ljust(width) for text, width, side in zip(row, widths, right, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rich_table(out: TextIO, title: str, heads: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.console import Console as Terminal
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left")
    for head, side in zip(heads, right, strict=True):
        table.add_column(Text(head), justify="right" if side else "left", no_wrap=side)
    for row in texts:
        table.add_row(*(Text(text) for text in row))
    Terminal(file=out).print(table)
