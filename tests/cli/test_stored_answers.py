"""A question asked again is answered from the cache, while what made the answer is the same."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from toy import TOY, Call, environment

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.composed import Composed
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings import computed_by
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.data import input_files
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.stored_answers import Noted, Question

ASKED = """
import sys
from quantamm_cli.cli.main import main
code = main(sys.argv[1:])
print(sorted({"jax", "numpy"} & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def test_asked_again_it_needs_no_jax(trained: Path, call: Call) -> None:
    """And prints the same; with a file less than it wrote, it computes again."""
    words = ["evaluate", *TOY, "--load", "last", "--json"]
    first = call(*words)
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *words],
        cwd=trained,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    *tables, note, imported = done.stderr.splitlines()
    # Another test may have asked before.
    shown = [line for line in first.err.splitlines() if "has changed" not in line]
    assert (done.stdout, tables, imported) == (first.out, shown, "[]")
    assert "no file that it was made from has changed" in note
    Path(trained, first.json["files"]["trajectory"]).unlink()
    assert "has changed" not in call(*words).err
    assert Path(trained, first.json["files"]["trajectory"]).exists()


class Scores(Result):
    """A result with every kind of value a table may have."""

    def to_dict(self) -> dict[str, Json]:
        return {"score": float("nan"), "names": ["a", "b"]}

    def tables(self) -> list[Table | str]:
        rows = [("train", 1.5, (0.25, 0.75), None), ("test", float("nan"), [1], 3)]
        columns = ("period", ("score", ".2f"), "weights", "steps")
        return [Table.of("scores", columns, rows), "a line"]


class Silent(Monitor):
    """Nobody listens."""

    def warn(self, text: str) -> None:
        pass


class Asker:
    """Asks a question about a file, and counts how often it is computed."""

    def __init__(self, file: Path) -> None:
        self.file, self.computed, self.warn = file, 0, False

    def __call__(self, tree: dict[str, Any] | None = None, **words: Json) -> Result:
        return Question("evaluate", tree or {"a": 1}, words).answered(self._compute)

    def _compute(self) -> tuple[Result, Iterable[Path]]:
        self.computed += 1
        if self.warn:
            logging.getLogger("quantamm_cli.anywhere").warning("careful")
        return Scores(), [self.file]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asker:
    """About a file, which was asked and answered once."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "prices.csv").write_text("unix,close\n0,1\n")
    asker = Asker(tmp_path / "prices.csv")
    asker()
    return asker


def test_the_answer_is_the_same(ask: Asker) -> None:
    """Its JSON, in which a NaN is null, and its tables."""
    answer = ask()
    assert ask.computed == 1
    assert answer.to_dict() == {"score": None, "names": ["a", "b"]}
    assert list(map(str, answer.tables())) == list(map(str, Scores().tables()))


def test_notes_come_again_and_warnings_are_not_stored(ask: Asker) -> None:
    """Notes before the one that says when it was computed."""
    for text, computed in (("note", 2), ("warn", 4)):
        for _ in range(2):
            noted = Noted(Silent())

            def compute(text: str = text, noted: Noted = noted) -> tuple[Result, Iterable[Path]]:
                getattr(noted, text)("prices of a day are missing")
                return ask._compute()

            answer = Question("evaluate", {"of": text}, {}).answered(compute, noted)
        assert ask.computed == computed
        first = answer.notes()[:1] == ["prices of a day are missing"]
        assert first == (text == "note")


@pytest.mark.parametrize("words", [{"load": "last"}, {"tree": {"a": 2}}], ids=["word", "setting"])
def test_another_question_is_computed(ask: Asker, words: dict[str, Any]) -> None:
    """And each of them once."""
    assert [ask(**words) and ask.computed for _ in range(2)] == [2, 2]


def test_a_changed_file_is_computed_again(ask: Asker) -> None:
    """As is one that has gone; the first content is known no longer."""
    ask.file.write_text("unix,close\n0,2\n")
    assert [ask() and ask.computed for _ in range(2)] == [2, 2]
    ask.file.unlink()
    assert [ask() and ask.computed for _ in range(2)] == [3, 4]


def test_other_code_is_asked_anew(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or another processor, or a variable that changes programs."""
    for name, other in (("source", "0"), ("processor", "another")):
        computed_by.computed_by.cache_clear()
        with monkeypatch.context() as patched:
            patched.setattr(computed_by, name, lambda other=other: other)
            ask()
    computed_by.computed_by.cache_clear()
    with monkeypatch.context() as patched:
        patched.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
        ask()
    computed_by.computed_by.cache_clear()
    ask()
    assert ask.computed == 4


def test_what_others_compute_is_not_stored(ask: Asker) -> None:
    """Only a plugin knows what it reads."""
    assert [ask({"plugins": ["mine.py"]}) and ask.computed for _ in range(2)] == [2, 3]


def test_what_came_with_a_warning_is_not_stored(
    ask: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    """It would come without."""
    caplog.set_level(logging.WARNING, "quantamm_cli")
    ask.warn = True
    assert [ask(load="last") and ask.computed for _ in range(2)] == [2, 3]


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"sha256": "0", "files": {}}'])
def test_a_damaged_answer_is_none(ask: Asker, damage: bytes) -> None:
    """It is computed again."""
    (entry,) = (ask.file.parent / "cache" / "answers").glob("*.json")
    written = json.loads(entry.read_bytes())
    altered = json.dumps(written | {"json": {"score": 2.0}}).encode()
    for count, content in enumerate((damage, altered)):
        entry.write_bytes(content)
        ask()
        assert ask.computed == 2 + count


def test_a_run_names_all_files_that_it_reads(tmp_path: Path) -> None:
    """Of prices, series, trades, fees and supplied paths."""
    words = (
        "data=csv",
        "data.dir='~/prices'",
        "data.series={supply:supply.csv}",
        "tokens=[BTC,ETH]",
        "trades=recorded",
        "trades.file=trades.parquet",
        "fees=recorded",
        "fees.file=fees.csv",
        "practice=supplied",
        "practice.dirs=[paths]",
    )
    (tmp_path / "prices").mkdir()
    settings = Composed(Composer("train", words).tree()).decoded(Train)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(tmp_path))
        patched.chdir(tmp_path)
        Path("paths").mkdir()
        files = {str(path).removeprefix(f"{tmp_path}/") for path in input_files(settings)}
    prices = {
        f"{place}/{token}_USD.csv" for place in ("prices", "paths") for token in ("BTC", "ETH")
    }
    assert files == prices | {"supply.csv", "trades.parquet", "fees.csv"}
