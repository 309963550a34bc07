"""A page shows what a terminal and a notebook show of the same result: every table, row by row."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
import toy

from quantamm_cli import compose, evaluate, walk_forward
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.store.receipts import read_receipt
from quantamm_cli.store.result_names import stored_results
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.compete.standings import compete
from quantamm_cli.workflows.report_subjects import run_subject
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import USUAL
from quantamm_cli.workflows.stored_results import stored_walk

GAME = ("strategies=[fixed_fee,vol_adaptive]", "simulations=16", "steps=60")
WALK = ("test_end=2021-02-01", "split=walk_forward", "split.cycles=2")


class Rows(HTMLParser):
    """The cells of every row of a page, and of every caption."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.captions: list[str] = []
        self._texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._texts = self.rows[-1]
            self._texts.append("")
        elif tag == "caption":
            self._texts = self.captions
            self._texts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag in ("td", "th", "caption") and self._texts:
            self._texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._texts = []


def shows(page: Path, result: Result) -> list[Table]:
    """The tables of the result, once all of them are found on its page."""
    shown = Rows(page.read_text(encoding="utf-8"))
    tables = [part for part in result.tables() if isinstance(part, Table)]
    for table in tables:
        assert table.caption in shown.captions
        for row in (table.heads, *table.typeset):
            assert list(row) in shown.rows, f"{table.caption}: {row}"
        assert table._repr_html_() in result._repr_html_()
        assert str(table) in str(result)
    return tables


def test_of_a_run(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluated from every side; text between tables is there, too."""
    monkeypatch.chdir(trained)
    result = evaluate(
        compose("train", *toy.TOY), periods={"crash": ("2021-01-09", "2021-01-11")}, sets="all"
    )
    files = plots.draw_page(run_subject(result, USUAL), result.chosen.folder)
    captions = [table.caption for table in shows(Path(files["report"]), result)]
    assert len(captions) == 7
    assert captions[1] == "parameters"
    assert captions[2].startswith("each period from a fresh start\nyearly numbers of less than 30")
    read = Path(files["report"]).read_text(encoding="utf-8")
    assert "All metrics, test period" in read and "Provenance" in read


def test_of_a_walk_forward(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it comes, and as it is stored; and its verdict."""
    monkeypatch.chdir(trained)
    result = walk_forward(compose("train", *toy.TOY, *WALK))
    files = plots.draw_walk(result.place.result, result.place.daily)
    assert len(shows(Path(files["report"]), result)) == 2
    stored = stored_walk(
        next(result for result in stored_results(Path("runs")) if result.kind == "walk"),
        USUAL,
        with_settings=False,
    )
    assert len(shows(Path(files["report"]), stored)) == 3
    assert result.verdict.finding in Path(files["report"]).read_text(encoding="utf-8")


def test_of_a_competition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And who leads."""
    monkeypatch.chdir(tmp_path)
    settings = compose("compete", *GAME).values
    assert isinstance(settings, Compete)
    result = compete(settings)
    place = result.competition.place
    files = plots.draw_competition(result.scores, read_receipt(place.receipt), place.folder)
    assert len(shows(Path(files["report"]), result)) == 2
    assert str(result.tables()[-1]).partition(":")[0] in Path(files["report"]).read_text(
        encoding="utf-8"
    )
