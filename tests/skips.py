"""The last lines of a run: how many tests were skipped, by reason."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """After all other summaries, just before pytest's line of totals."""
    yield
    for line in counted(terminalreporter.stats.get("skipped", ())):
        terminalreporter.write_line(line)


def counted(reports: Iterable[Any]) -> Iterator[str]:
    """A line a reason, the most frequent first. None if nothing was skipped."""
    counts = Counter(reason(report) for report in reports)
    if counts:
        yield "skipped, by reason:"
    for text, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:6}  {text}"


def reason(report: Any) -> str:
    """Why a test, or a file of tests, was skipped, in one line."""
    where = report.longrepr  # the file, the line and the text; of some plugins a text alone
    text = where[2] if isinstance(where, tuple) else str(where)
    return " ".join(text.removeprefix("Skipped: ").split()) or "no reason given"
