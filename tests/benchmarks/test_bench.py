"""The harness itself: its lines are settings that exist, and its tables are tables. Nothing is measured."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tables
from competitions import competitions
from lines import Line, paths, steps

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.settings.run import Train

ROW = {"seconds": 0.5, "first_seconds": 9.0, "compile_seconds": 8.0, "xla_bytes": 2**20, "peak_rss": 2**30, "working_rss": 2**25}
MACHINE = {"processor": "P", "cores": 2, "python": "3", "jax": "0"}


@pytest.mark.parametrize("line", [*steps(True), *(line for line in paths(False) if line.gradient)], ids=lambda line: line.name)
def test_every_line_is_a_training_that_can_be_posed(line: Line) -> None:
    """Words of settings that are renamed would otherwise only be skipped."""
    settings = read_settings(Train, Composer("train", line.words).tree())
    assert len(settings.tokens) == line.tokens
    assert line.kind == "step" or settings.rows >= line.minutes
    assert line.kind == "path" or settings.window_rows // 1440 == line.days
    assert settings.fees.frictionless != line.fee


def test_lines_are_named_apart() -> None:
    """``--only`` finds one line, and a comparison one partner."""
    names = [line.name for line in (*steps(True), *paths(True))]
    assert len(set(names)) == len(names)


def _result(names: list[str]) -> dict[str, object]:
    line = next(line for line in paths(False) if line.fee)
    results = {f"{name}/{executor}": ROW | {"seconds": seconds} for name in names for executor, seconds in (("scan", 0.5), ("quick", 0.1))}
    results[f"{names[-1]}/absent"] = {"skipped": "no such executor"}
    rows = [line.asked(None) | {"results": results}]
    taken = {"revision": "r", "trees": names, "date": "d", "load": [0, 0], "machine": MACHINE}
    return taken | {"rows": rows}


def test_table_compares_with_the_scan_of_the_same_run() -> None:
    """A fifth of the scan's time."""
    text = tables.markdown(_result(["now"]))
    assert "| quick |" in text and "| 0.20 |" in text
    assert all(line.count("|") == text.splitlines()[-1].count("|") for line in text.splitlines() if line.startswith("|"))


def test_table_compares_two_trees_and_says_what_one_lacks() -> None:
    """Where both could, the ratio; where not, why."""
    text = tables.markdown(_result(["v1", "now"]))
    assert "| 1.00 | 1.00 | 1.00 |" in text


def test_competitions_have_a_table_of_their_own() -> None:
    """A row each, with what was wanted beside what was measured; one that could not be played is a dash."""
    rows = [
        {"kind": "competition", "name": one.name, **one._asdict(), "results": {"now": {"step": 1e-7, "first": 2.0}}}
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
