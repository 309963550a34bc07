"""The harness itself. Nothing is measured.

Its lines are settings that exist, trees are asked in their own words, and its tables are tables.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import first_step
import lines
import product
import speed
import tables
import worker
from lines import Line, competitions, paths, processes, steps
from startup import measured
from trees import KINDS, Done, Tree, TreeError

HERE = Path(__file__).parent
ROW = {
    "seconds": 0.5,
    "first_seconds": 9.0,
    "compile_seconds": 8.0,
    "xla_bytes": 2**20,
    "peak_rss": 2**30,
    "working_rss": 2**25,
}
MACHINE = {"processor": "P", "cores": 2, "python": "3", "jax": "0"}
HEAD = {"revision": "r", "date": "d", "load": [0, 0], "machine": MACHINE}
PLAYED = {"name": "played", "what": "w", "strategies": 1, "wanted": 1.0}
ANSWER = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"executors": [json.loads(line)["do"]], %s}), flush=True)
"""
Listed = list[dict[str, Any]]


@pytest.mark.parametrize(
    "line",
    [*steps(True), *(line for line in paths(False) if line.gradient)],
    ids=lambda line: line.name,
)
def test_every_line_is_a_training_that_can_be_posed(line: Line) -> None:
    """Words of settings that are renamed would otherwise only be skipped."""
    settings = product.settings(line.words)
    assert len(settings.tokens) == line.tokens
    assert line.kind == "step" or settings.rows >= line.minutes
    assert line.kind == "path" or settings.window_rows // 1440 == line.days
    assert settings.fees.frictionless != line.fee


def test_what_is_measured_can_be_made() -> None:
    """Of modules that are where they are expected. It is not run."""
    line = next(line for line in paths(False) if line.fee and line.tokens == 2)
    assert {"compiled", "scan"} <= set(product.executors())
    assert callable(product.path(line.words, line.minutes, line.gradient))
    assert callable(product.step(line.words))
    for one in competitions():
        assert callable(product.competition(one.what, one.strategies, simulations=2, steps=8))


def test_lines_are_named_apart() -> None:
    """``--only`` finds one line, and a comparison one partner; --full has what is there without."""
    every = [*steps(True), *paths(True), *processes(True), *competitions()]
    names = [line.name for line in every]
    assert len(set(names)) == len(names)
    assert {line.name for line in (*steps(False), *paths(False), *processes(False))} <= set(names)


class OneOfThem:
    """Stands for a tree, its worker and its scripts. Answers at once; keeps what it is asked."""

    def __init__(self, name: str, executors: list[str] | TreeError, **listed: Listed) -> None:
        self.name, self._executors, self.asked = name, executors, []
        every = {kind: listed.get(kind, []) for kind in KINDS}
        self._listing = {kind: {one["name"]: one for one in ones} for kind, ones in every.items()}

    named = Tree.named

    def listing(self, full: bool) -> dict[str, dict[str, dict[str, Any]]]:
        return self._listing

    def executors(self) -> list[str]:
        if isinstance(self._executors, TreeError):
            raise self._executors
        return self._executors

    def ask(self, do: str, *given: Any) -> dict[str, Any]:
        self.asked.append((do, *given))
        return ROW | {"seconds": 1.0}

    def script(self, name: str) -> str:
        return f"{self.name}'s {name}"

    def qsim(self, *words: str, **_: str) -> SimpleNamespace:
        self.asked.append(words)
        return SimpleNamespace(returncode=2, stderr="", peak_rss=2**25)

    def python(self, *words: str, **_: str) -> SimpleNamespace:
        self.asked.append(words)
        printed = '{"step": 1e-6, "first": 2.0}' if "played" in words[0] else "3.5"
        return SimpleNamespace(stdout=printed, stderr="", peak_rss=2**25)


def test_a_command_runs_after_others(tmp_path: Path) -> None:
    """They are run once, in the folder in which it then runs; the cache forgets what it is to."""
    tree = Tree("now", tmp_path, tmp_path / "cache")
    ran: list[tuple[str, Path]] = []

    def run(words: list[str], folder: Path, _: object) -> Done:
        ran.append((words[-1], folder))
        return Done(3 if words[-1] == "fails" else 0, "", "broken", 2**20)

    assert tree._run(["-c", "pass"], tmp_path, {}).peak_rss > 2**20
    process = _process("b", "evaluate", after=(("train",), ("first",)), forget="answers")
    with mock.patch.object(tree, "_run", run):
        for _ in range(2):
            (tmp_path / "cache" / "answers").mkdir(parents=True)
            assert measured(tree, process)["peak_rss"] == 2**20
            assert not (tmp_path / "cache" / "answers").exists()
        broken = measured(tree, _process("c", "evaluate", after=(("fails",),)))
    assert [words for words, _ in ran] == ["train", "first", "evaluate", "evaluate", "fails"]
    assert len({folder for _, folder in ran[:4]}) == 1
    assert broken == {"skipped": "qsim fails: broken"}


def _line(name: str, *words: str) -> dict[str, Any]:
    return next(steps(False)).asked(None) | {"name": name, "words": words}


def _process(name: str, *words: str, **more: Any) -> dict[str, Any]:
    return lines.Process(name, words, **more)._asdict()


def _compared(old: OneOfThem, new: OneOfThem) -> tuple[dict[str, Any], str]:
    """Results by name, and the table that compares."""
    rows = list(speed.Bench([old, new], full=False, only=None).rows())
    text = tables.markdown(HEAD | {"trees": [old.name, new.name], "rows": rows})
    return {row["name"]: row["results"] for row in rows}, text


def test_each_tree_is_asked_in_its_own_words() -> None:
    """A setting that was renamed has its old name in the old tree."""
    pair = [
        OneOfThem(
            name,
            ["scan"],
            lines=[_line("a", f"{name}=1")],
            processes=[
                _process("typo", f"{name}=2", code=2),
                _process("first", f"{name}=3", first_step=True),
            ],
            competitions=[PLAYED | {"what": f"{name}'s"}],
        )
        for name in ("old", "new")
    ]
    results, text = _compared(*pair)
    for tree in pair:
        assert tree.asked[0] == ("open", _line("a", f"{tree.name}=1") | {"executor": "scan"})
        assert tree.asked[-3:] == [
            (f"{tree.name}=2",),
            (f"{tree.name}'s first_step.py", f"{tree.name}=3", "-q"),
            (f"{tree.name}'s played.py", f"{tree.name}'s", "1"),
        ]
    assert results["a"]["old/scan"]["seconds"] == 1.0
    assert results["first"]["new"]["seconds"] == 3.5
    assert "| a | scan | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 |" in text
    assert "| first |  | 3.50 | 3.50 | 1.00 |  | 1.00 |" in text
    assert "| played |  | 1.00 µs | 1.00 µs | 1.00 | 1.00 |  |" in text


def test_what_one_tree_lacks_is_a_dash_and_the_reason() -> None:
    """A line, an executor, a competition, on either side."""
    old = OneOfThem("old", ["scan", "early"], lines=[_line("a"), _line("gone")])
    new = OneOfThem("new", ["scan"], lines=[_line("added"), _line("a")], competitions=[PLAYED])
    results, text = _compared(old, new)
    assert list(results) == ["added", "a", "gone", "played"]
    assert "| added | scan | – | 1.00 | skipped: old has no line of this name |" in text
    assert "| gone | scan | 1.00 | – | skipped: new has no line of this name |" in text
    assert "| a | early | 1.00 | – | skipped: new has no executor early |" in text
    assert "| played |  | – | 1.00 µs | skipped: old has no line of this name |" in text


def test_a_tree_that_cannot_be_measured_says_why() -> None:
    """The other one is measured."""
    old = OneOfThem("old", TreeError("the worker ended with 1"), lines=[_line("a")])
    _, text = _compared(old, OneOfThem("new", ["scan"], lines=[_line("a")]))
    assert "| a | scan | – | 1.00 | skipped: the worker ended with 1 |" in text


@pytest.mark.parametrize(
    ("only", "measured"),
    [
        (None, ["no fee", "--help, no fee"]),
        ("no fee", ["no fee"]),
        ("process", ["--help, no fee"]),
        ("process, .*help", ["--help, no fee"]),
        ("process, .*version", []),
    ],
)
def test_only_some_are_measured(only: str | None, measured: list[str]) -> None:
    """Processes are asked for by that word."""
    started = _process("--help, no fee", code=2)
    tree = OneOfThem("now", ["scan"], lines=[_line("no fee")], processes=[started])
    bench = speed.Bench([tree], full=False, only=only)
    assert [row["name"] for row in bench.rows()] == measured


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with a folder for benchmarks in it."""
    (tmp_path / "tests" / "benchmarks").mkdir(parents=True)
    return Tree("old", tmp_path, tmp_path / "cache")


VERSION_0 = {
    "lines.py": """
class Line:
    def asked(self, executor):
        return {"name": "a step", "words": ("old=1",), "executor": executor}
def steps(full): return [Line()]
def paths(full): return steps(full) if full else []
""",
    "startup.py": """
from trees import FIRST, TreeError
def startups(full):
    yield "a misspelt key", 0.5, 5, lambda tree: _qsim(tree, 2, "train", "old=2")
    yield "first", None, 1, _first
    yield "cold", 30.0, 1, lambda tree: _qsim(tree, 0, "train", "old=3", QSIM_CACHE="cache")
def _qsim(tree, code, *words, **environment):
    done = tree.qsim(*words, **environment)
    if done.returncode != code:
        raise TreeError(done.stderr)
def _first(tree, *words):
    done = tree.python(FIRST, *words, "-q", QSIM_BENCH_BEGAN="0")
    return float(done.stdout.splitlines()[-1])
""",
    "trees.py": "FIRST = 'first_step.py'\nclass TreeError(Exception): ...\n",
    "competitions.py": """
from typing import NamedTuple
class Competition(NamedTuple):
    what: str
    name = "competition, w"
def competitions(): return [Competition("w")]
""",
}


def test_benchmarks_of_version_0_are_read(tree: Tree) -> None:
    """They print no list of their lines. What starts a process is a function there."""
    for name, text in VERSION_0.items():
        (tree.home / "tests" / "benchmarks" / name).write_text(text)
    how = {"times": 1, "target": None, "code": 0, "first_step": False, "empty_cache": False}
    typo, cold = {"target": 0.5, "times": 5, "code": 2}, {"target": 30.0, "empty_cache": True}
    listed = tree.listing(False)
    assert listed["lines"] == {"a step": {"name": "a step", "words": ["old=1"], "executor": None}}
    assert list(listed["processes"].values()) == [
        how | {"name": "a misspelt key", "words": ["train", "old=2"]} | typo,
        how | {"name": "first", "words": [], "first_step": True},
        how | {"name": "cold", "words": ["train", "old=3"]} | cold,
    ]
    assert listed["competitions"] == {"competition, w": {"what": "w", "name": "competition, w"}}
    with pytest.raises(TreeError, match="old has no line of this name"):
        tree.named("lines", "another")


def test_later_versions_print_their_lines(tree: Tree) -> None:
    """As this one does; one that is later than this one is left alone."""
    script = tree.home / "tests" / "benchmarks" / "lines.py"
    script.write_text((HERE / "lines.py").read_text())
    for full in (False, True):
        listed = tree.listing(full)
        printed = json.loads(json.dumps(lines.listing(full)))
        assert set(listed) == set(printed) - {"version"} == set(KINDS)
        assert all(list(listed[kind].values()) == printed[kind] for kind in KINDS)
    script.write_text("print('{\"version\": 99}')")
    with pytest.raises(TreeError, match=r"of version 99, which is later than \d+"):
        Tree("later", tree.home, tree.home).listing(False)
    script.write_text("1 / 0")
    with pytest.raises(TreeError, match=r"tests/benchmarks/lines.py: ZeroDivisionError"):
        Tree("broken", tree.home, tree.home).listing(False)


def test_a_tree_without_benchmarks_says_so(tree: Tree) -> None:
    with pytest.raises(TreeError, match=r"old has no tests/benchmarks/lines.py"):
        tree.listing(False)
    with pytest.raises(TreeError, match=r"old has no tests/benchmarks/worker.py"):
        tree.executors()


def test_a_tree_is_measured_by_its_own_worker(tree: Tree) -> None:
    """One of version 0 says no version."""
    script = tree.home / "tests" / "benchmarks" / "worker.py"
    script.write_text(ANSWER % "")
    assert tree.executors() == ["executors"]
    tree.close()
    script.write_text(ANSWER % '"version": 99')
    later = Tree("later", tree.home, tree.home)
    with pytest.raises(TreeError, match="of version 99"):
        later.executors()
    later.close()


def test_this_worker_says_its_version() -> None:
    answer = worker.Worker.executors(SimpleNamespace())
    assert answer == {"executors": product.executors(), "version": lines.VERSION}


def test_training_ends_with_its_first_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the import of the module on, which is when the command needs it."""
    (tmp_path / "bench_fitting.py").write_text("def fit(problem):\n    yield from problem\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(first_step, "FITTING", "bench_fitting")
    monkeypatch.setattr(sys, "meta_path", [first_step.Watch(), *sys.meta_path])
    monkeypatch.setattr(os, "_exit", sys.exit)
    monkeypatch.setenv("QSIM_BENCH_BEGAN", str(time.time()))
    fit = importlib.import_module("bench_fitting").fit
    assert list(fit([])) == []
    with pytest.raises(SystemExit):
        next(fit([1, 2]))


def test_the_module_that_trains_is_where_it_is_watched() -> None:
    assert callable(importlib.import_module(first_step.FITTING).fit)


def _result(names: list[str]) -> dict[str, object]:
    line = next(line for line in paths(False) if line.fee)
    results = {
        f"{name}/{executor}": ROW | {"seconds": seconds}
        for name in names
        for executor, seconds in (("scan", 0.5), ("quick", 0.1))
    }
    results |= {f"{name}/absent": {"skipped": "no such executor"} for name in names}
    rows = [line.asked(None) | {"results": results}]
    taken = {"revision": "r", "trees": names, "date": "d", "load": [0, 0], "machine": MACHINE}
    return taken | {"rows": rows}


def test_table_compares_with_the_scan_of_the_same_run() -> None:
    """A fifth of the scan's time."""
    text = tables.markdown(_result(["now"]))
    assert "| quick |" in text and "| 0.20 |" in text
    assert all(
        line.count("|") == text.splitlines()[-1].count("|")
        for line in text.splitlines()
        if line.startswith("|")
    )


def test_table_compares_two_trees_and_says_what_one_lacks() -> None:
    """Where both could, the ratio; where not, why."""
    text = tables.markdown(_result(["v1", "now"]))
    assert "| 1.00 | 1.00 | 1.00 |" in text


def test_competitions_have_a_table_of_their_own() -> None:
    """A row each, with what was wanted beside what was measured;
    one that could not be played is a dash.
    """
    rows = [
        {
            "kind": "competition",
            "name": one.name,
            **one._asdict(),
            "results": {"now": {"step": 1e-7, "first": 2.0}},
        }
        for one in competitions()
    ]
    rows[-1]["results"] = {"now": {"skipped": "no such command"}}
    text = tables.markdown(_result(["now"]) | {"rows": rows})
    assert "| fixed fees | 1 | 0.072 | 0.100 | 2.00 |" in text
    assert "| curves | 8 | 4.60 | – | – |" in text
    assert len({row["name"] for row in rows}) == len(rows)


def test_readme_keeps_what_is_around_the_marks(tmp_path: Path) -> None:
    """Only the block changes; without marks nothing does."""
    readme = tmp_path / "README.md"
    readme.write_text("before\n")
    assert "no marks" in tables.into(readme, "table")
    readme.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n")
    tables.into(readme, "table")
    assert readme.read_text() == f"before\n{tables.BEGIN}\ntable\n{tables.END}\nafter\n"
