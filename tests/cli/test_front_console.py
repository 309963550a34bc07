"""The printer."""

import io
import json
import math
import os
import pty
import sys
from pathlib import Path

import numpy as np
import pytest

from quantamm_cli.cli.console import Console, replace_what_cannot_be_printed
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import finite


def test_numbers_are_finite_or_null() -> None:
    tree = {
        "a": math.nan,
        "b": np.float64(np.inf),
        "c": np.array([1.0, np.nan]),
        "d": (1, True, None),
        "e": Path("x"),
        3: np.int64(2),
    }
    assert finite(tree) == {
        "a": None,
        "b": None,
        "c": [1.0, None],
        "d": [1, True, None],
        "e": "x",
        "3": 2,
    }


def test_tables_align_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    Console("train").show(
        Table.of("scores", ["name", ("value", ".2f"), "n"], [["a", 1.5, 1], ["long", -10.25, None]])
    )
    assert capsys.readouterr().out == "scores\nname   value  n\na       1.50  1\nlong  -10.25  –\n"
    assert str(Table.of("", ["x"], [])) == "x"


def test_with_json_only_the_object_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console("train", json=True)
    console.show(Table.of("t", ["a"], [[1]]))
    console.say("text")
    console.note("note")
    console.warn("careful")
    console.result({"x": math.inf})
    out = capsys.readouterr()
    assert json.loads(out.out) == {"x": None}
    assert "careful" in out.err
    assert "t\na\n1\n" in out.err


def test_quiet_and_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    Console("train", quiet=True).note("note")
    Console("train").detail("detail")
    assert capsys.readouterr().err == ""
    Console("train", verbose=True).detail("detail")
    with Console("train").progress(10, "fit") as bar:
        bar.update(5, "x")
    assert capsys.readouterr().err == "detail\n"


def test_verbose_progress_in_a_pipe_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 11.0, 12.0])
    monkeypatch.setattr("quantamm_cli.cli.progress.time.monotonic", lambda: next(clock))
    with Console("train", verbose=True).progress(10, "fit") as bar:
        for done in (1, 2, 3):
            bar.update(done, "loss 1")
    assert capsys.readouterr().err == "fit 2/10 loss 1\n"


def test_a_terminal_gets_a_bar_and_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(sys, "stdout", terminal)
        with Console("train").progress(10, "fit [b]") as bar:
            bar.update(5, "loss")
        Console("train").show(Table.of("", ["a [red]"], [[1.5]]))
        terminal.flush()
        seen = ""
        while "1.5" not in seen:  # a terminal hands on what is written to it when it likes
            seen += os.read(master, 100_000).decode()
    os.close(master)
    assert "fit [b]" in seen
    assert "a [red]" in seen
    assert "\x1b[31m" not in seen


def test_stopped_prints_the_object_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Console("train", json=True).stopped(130, "saved at step 3")
    out = capsys.readouterr()
    assert json.loads(out.out)["error"] == {"code": 130, "where": "", "message": "saved at step 3"}
    assert out.err == "qsim train: saved at step 3\n"


def test_a_stream_that_lacks_a_sign_prints_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that does not exist is an en dash, which ASCII lacks."""
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", ascii_only)
    replace_what_cannot_be_printed()
    Console().show(Table.of("", ["a"], [[None]]))
    ascii_only.flush()
    assert ascii_only.buffer.getvalue() == b"a\n?\n"  # type: ignore[attr-defined]
