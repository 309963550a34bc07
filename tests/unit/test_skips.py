"""A run ends with its skips counted by reason."""

from types import SimpleNamespace

import pytest
import skips


def test_skips_are_counted_by_reason() -> None:
    """The most frequent first, each on one line however it was written."""
    reasons = ["Skipped: b", "Skipped: no disk\n  here", "Skipped: b", "Skipped: a", "Skipped: "]
    reports = [SimpleNamespace(longrepr=("test_a.py", 1, text)) for text in reasons]
    assert list(skips.counted(reports)) == [
        "skipped, by reason:",
        "     2  b",
        "     1  a",
        "     1  no disk here",
        "     1  no reason given",
    ]
    assert list(skips.counted([])) == []


def test_every_run_counts_its_skips(request: pytest.FixtureRequest) -> None:
    """The hook is enrolled, by tests/conftest.py."""
    hooks = request.config.hook.pytest_terminal_summary.get_hookimpls()
    assert skips.pytest_terminal_summary in [hook.function for hook in hooks]
