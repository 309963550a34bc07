"""The only printer. Results go to stdout; progress, notes and warnings to stderr.

With ``--json`` stdout carries one JSON object and nothing else, so tables move to stderr. ``rich``
is imported when a terminal gets a table or a bar, not before.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from quantamm_cli.cli.progress import Bar, LineBar, RichBar
from quantamm_cli.reporting.table import Markdown, Table
from quantamm_cli.settings.json_tree import JsonObject, finite

_WIDEST = 100
"""Columns of rendered text: longer lines are hard to read."""


class Failure(NamedTuple):
    """Why a command failed: the exit code, the place and the message."""

    code: int
    where: str
    message: str


class Console:
    """What a command may say. ``command`` heads its errors and its JSON."""

    def __init__(
        self, command: str = "", *, json: bool = False, quiet: bool = False, verbose: bool = False
    ) -> None:
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

    @property
    def _head(self) -> str:
        """What errors and warnings begin with."""
        return f"qsim {self.command}".rstrip()

    def result(self, value: JsonObject) -> None:
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
        print(f"{self._head}: warning: {text}", file=sys.stderr)

    def failure(self, failure: Failure) -> None:
        """One line on stderr and, with --json, the object of a failure on stdout."""
        code, where, message = (
            failure.code,
            " ".join(failure.where.split()),
            " ".join(failure.message.split()),
        )
        print(
            f"{self._head}: {where}: {message}" if where else f"{self._head}: {message}",
            file=sys.stderr,
            flush=True,
        )
        if self.json and not self._silent:
            error = Failure(code, where, message)._asdict()
            print(
                json.dumps({"command": self.command, "error": error}), file=sys.stdout, flush=True
            )

    def stopped(self, code: int, message: str) -> None:
        """The failure of a signal; the cursor comes back if a bar had hidden it.

        Safe from another thread.
        """
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\n")
        self.failure(Failure(code, "", message))

    def show(self, *parts: Table | str) -> None:
        """Tables and text that were asked for.

        With --json tables go to stderr, unless -q leaves them out.
        """
        for part in parts:
            if isinstance(part, Markdown) and not self.json and self.out.isatty():
                _rich_page(self.out, part)
            elif isinstance(part, str):
                self.say(part)
            elif not (self.json and self.quiet):
                if self.out.isatty():
                    _rich_table(self.out, part)
                else:
                    print(part, file=self.out)

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


def _rich_page(out: TextIO, text: Markdown) -> None:
    """Rendered; through the pager of the system where it does not fit on the screen."""
    from rich.console import Console as Terminal
    from rich.markdown import Markdown as Rendered

    terminal = Terminal(file=out)
    terminal.width = min(terminal.width, _WIDEST)
    rendered = Rendered(text, code_theme="ansi_dark")
    if len(terminal.render_lines(rendered)) < terminal.height:
        terminal.print(rendered)
        return
    os.environ.setdefault("LESS", "FRX")  # colours as they are; ends by itself where all is shown
    with terminal.pager(styles=True):
        terminal.print(rendered)


def _rich_table(out: TextIO, shown: Table) -> None:
    """In a frame where it fits; else as lines, which the terminal wraps: in a frame names would be
    cut and columns left out.
    """
    from rich import box
    from rich.console import Console as Terminal
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=shown.caption or None, box=box.SIMPLE_HEAD, title_justify="left")
    for head, right in zip(shown.heads, shown.numeric, strict=True):
        table.add_column(Text(head), justify="right" if right else "left", no_wrap=right)
    for row in shown.texts:
        table.add_row(*(Text(text) for text in row))
    terminal = Terminal(file=out)
    if terminal.measure(table).maximum <= terminal.width:
        terminal.print(table)
    else:
        print(shown, file=out)
