"""The only module that prints. Results go to stdout; progress, notes and warnings to stderr.

With ``--json`` stdout carries one JSON object and nothing else, so tables move to stderr. ``rich``
is imported only when a terminal gets a table or a bar.
"""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from quantamm_cli.cli.live import LineLive, Live, RichLive, framed
from quantamm_cli.cli.progress import Bar, LineBar, RichBar
from quantamm_cli.reporting.table import Markdown, Table
from quantamm_cli.settings.json_tree import JsonObject, finite

_UNLIMITED = 10_000
_WIDEST = 100
"""Most columns of rendered text: longer lines are hard to read."""


class Failure(NamedTuple):
    """Why a command failed: exit code, place (a setting, file or run) and message."""

    code: int
    where: str
    message: str


class Console:
    """Prints for one command, whose name heads its errors and its JSON."""

    def __init__(
        self, command: str = "", *, json: bool = False, quiet: bool = False, verbose: bool = False
    ) -> None:
        self.command = command
        self.json = json
        self.quiet = quiet
        self.verbose = verbose
        self._silent = False

    def muted(self) -> "Console":
        """The same console for one job of a sweep, which prints the JSON of all jobs itself."""
        other = Console(self.command, json=self.json, quiet=self.quiet, verbose=self.verbose)
        other._silent = True
        return other

    @property
    def out(self) -> TextIO:
        """The stream of tables and text."""
        return sys.stderr if self.json else sys.stdout

    @property
    def _head(self) -> str:
        """The prefix of errors and warnings."""
        return f"qsim {self.command}".rstrip()

    def result(self, value: JsonObject) -> None:
        """Print the JSON object of a command; without --json its tables are the output."""
        if self.json and not self._silent:
            print(json.dumps(finite(value), allow_nan=False), file=sys.stdout)

    def say(self, text: str) -> None:
        """Print text that was requested; with --json the object carries it."""
        if not self.json:
            print(text, file=sys.stdout)

    def note(self, text: str) -> None:
        """Print a note, unless -q was given."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def detail(self, text: str) -> None:
        """Print a detail, only with -v."""
        if self.verbose:
            print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning, even with -q."""
        print(f"{self._head}: warning: {text}", file=sys.stderr)

    def failure(self, failure: Failure) -> None:
        """One line on stderr and, with --json, the object of a failure on stdout."""
        where = " ".join(failure.where.split())
        message = " ".join(failure.message.split())
        line = f"{where}: {message}" if where else message
        print(f"{self._head}: {line}", file=sys.stderr, flush=True)
        if self.json and not self._silent:
            error = Failure(failure.code, where, message)._asdict()
            text = json.dumps({"command": self.command, "error": error})
            print(text, file=sys.stdout, flush=True)

    def stopped(self, code: int, message: str) -> None:
        """Print the failure of a signal, and show the cursor that a bar may have hidden.

        May be called from another thread.
        """
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\n")
        self.failure(Failure(code, "", message))

    def show(self, *parts: Table | str) -> None:
        """Print tables and text; with --json tables go to stderr, and -q leaves them out."""
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
        """Show progress: a bar on a terminal, a line every 10 seconds with -v, else nothing."""
        bar = Bar()
        if not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            bar = RichBar(total, description)
        elif not self.quiet and self.verbose:
            bar = LineBar(total, description)
        try:
            yield bar
        finally:
            bar.close()

    @contextmanager
    def live(self, description: str) -> Iterator[Live]:
        """Show a state that changes: a table on a terminal, else a line every 10 seconds."""
        live = Live()
        if not self.quiet:
            terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
            live = RichLive() if terminal else LineLive(description)
        try:
            yield live
        finally:
            live.close()


def replace_what_cannot_be_printed() -> None:
    """Have streams whose encoding is not UTF-8 print a question mark for what it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _rich_page(out: TextIO, text: Markdown) -> None:
    """Print a rendered page, through the system's pager if it does not fit on the screen."""
    from rich.console import Console as Terminal
    from rich.markdown import Markdown as Rendered

    terminal = Terminal(file=out)
    terminal.width = min(terminal.width, _WIDEST)
    rendered = Rendered(text, code_theme="ansi_dark")
    if len(terminal.render_lines(rendered)) < terminal.height:
        terminal.print(rendered)
        return
    os.environ.setdefault("LESS", "FRX")  # pass colours through; quit if the text fits
    with terminal.pager(styles=True):
        terminal.print(rendered)


def _rich_table(out: TextIO, shown: Table) -> None:
    """Print a table in a frame if it fits.

    Otherwise print plain lines, which the terminal wraps: rich would cut names and drop columns.
    """
    from rich.console import Console as Terminal

    table, terminal = framed(shown), Terminal(file=out)
    unlimited = terminal.options.update(max_width=_UNLIMITED)  # else it measures what it would cut
    if terminal.measure(table, options=unlimited).maximum <= terminal.width:
        terminal.print(table)
    else:
        print(shown, file=out)
