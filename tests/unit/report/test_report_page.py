"""The page is whole, by itself and safe."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import NamedTuple

import pytest

from quantamm_cli.reporting import style
from quantamm_cli.reporting.page import Picture, Section, page
from quantamm_cli.reporting.periods import Selection
from quantamm_cli.reporting.run import Subject, run_page
from quantamm_cli.reporting.run_tables import parameters_table, periods_table
from quantamm_cli.reporting.table import Table, printed
from quantamm_cli.workflows.plots import images


class Declared(NamedTuple):
    """A parameter as tables know it."""

    readable: str
    unit: str
    layers: tuple[str, ...]


VOID = {"meta", "img", "br", "link"}


class Reader(HTMLParser):
    """Checks that tags nest, and collects what they hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def shown(subject: Subject) -> str:
    """The page of a whole run."""
    return run_page(subject, images("run", subject))


def test_the_page_holds_everything(shown: str) -> None:
    """Tags nest; what the result shows, all metrics, choices, settings and provenance are there;
    five pictures say what they are.
    """
    read = Reader(shown)
    for caption in (
        "each period",
        "All metrics, validation period",
        "What each selection rule",
        "Settings",
        "Provenance",
        "At the last row",
    ):
        assert caption in read.words
    for word in (
        "max_drawdown",
        "this pool",
        "uniform HODL",
        "daily_log_sharpe",
        "libraries.numpy",
        "pool.kind",
        "external trades: 7",
        "ab" * 32,
        "finished",
    ):
        assert word in read.words
    images = [held for tag, held in read.tags if tag == "img"]
    assert len(images) == 5 and all(held["alt"] and held["width"] == "1024" for held in images)
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [
        held for _, held in read.tags
    ]


def test_nothing_is_fetched_and_nothing_runs(shown: str) -> None:
    """No address of the network, no script, no link; pictures are inside;
    the page forbids itself everything else.
    """
    read = Reader(shown)
    assert "http://" not in shown and "https://" not in shown
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in read.tags}
    assert all(
        (held.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
        for _, held in read.tags
    )
    assert not any(
        name.startswith("on") or name == "href" for _, held in read.tags for name in held
    )
    assert "default-src 'none'" in shown and "url(" not in shown


def test_what_people_wrote_is_text(shown: str) -> None:
    """Tags and quotes in settings, names and captions stay what they are: words."""
    assert "<script>alert('&')</script>" in Reader(shown).words
    nasty = '"><img src=x onerror=1>'
    sections = [
        Section(
            nasty,
            (nasty,),
            (Picture(b"\x89PNG" + bytes(20), nasty),),
            (Table(nasty, (nasty, nasty), ((nasty, nasty),)),),
            True,
        )
    ]
    read = Reader(page(nasty, [nasty], sections, nasty))
    assert [tag for tag, _ in read.tags].count("img") == 1 and read.words.count(nasty) == 12


def test_a_choice_on_the_test_period_is_warned_of(subject: Subject) -> None:
    """Where the test period chose, the page says so at its head, in its tables and beside the
    rules; elsewhere it does not.
    """
    words = Reader(run_page(subject, {})).words
    assert "Chosen on the test period: its scores" in words
    assert (
        "All metrics, test period (the choice was made on it)" in words
        and "best_test (chosen on the test period)" in words
    )
    honest = Reader(
        run_page(replace(subject, selection=Selection("best_validation", 4, 0), choices={}), {})
    ).words
    assert "on the test" not in honest and "made on it" not in honest


def test_a_run_that_was_not_trained_has_a_page(subject: Subject) -> None:
    """One period without a name, no history, no choice, no test period: what there is is shown."""
    plain = replace(
        subject,
        periods=(),
        entries=(),
        selection=None,
        choices={},
        strategies={"pool": {"": {"returns": 0.5}}},
    )
    plain = replace(plain, tables=(periods_table("alone", {"": {"returns": 0.5}}),))
    drawn = images("run", plain)
    assert list(drawn) == ["value", "weights", "drawdown"]
    words = Reader(run_page(plain, drawn)).words
    assert "+50.00%" in words and "Training" not in words and "test" not in words


def test_the_same_run_makes_the_same_page(subject: Subject, shown: str) -> None:
    """No date of making, no order of chance."""
    assert run_page(subject, images("run", subject)) == shown


def test_numbers_that_are_not_are_dashes() -> None:
    """None and NaN are a dash; a minus is a minus; words are themselves."""
    assert [printed(value, ".4g") for value in (None, float("nan"), -0.5, "a-b", "-")] == [
        "–",
        "–",
        "−0.5",
        "a-b",
        "-",
    ]


def test_layers_and_shared_parameters_have_rows_of_their_own() -> None:
    specs = [Declared("k", "1/day", ("fast", "slow")), Declared("w", "", ())]
    table = parameters_table(
        ("A", "B"), specs, {"k": [[1.0, 2.0], [3.0, float("nan")]], "w": [7.0]}
    )
    assert table is not None
    assert table.typeset == (
        ("k fast", "1/day", "1", "2"),
        ("k slow", "1/day", "3", "–"),
        ("w", "", "7", ""),
    )


LOADED = """
import sys
from quantamm_cli.reporting import page, plot, run, walk, competition, replay, tables, run_tables
from quantamm_cli.reporting import names, periods, thinning, benchmarks
print(*sys.modules)
from quantamm_cli.reporting import plots
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """What a process has loaded after the modules of the page, and after those that draw too."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], check=True, capture_output=True, text=True
    )
    found = [set(line.split()) for line in done.stdout.splitlines()]
    assert "quantamm_cli.reporting.page" in found[0] and "matplotlib" in found[1]
    return found


def test_pages_need_no_matplotlib(loaded: list[set[str]]) -> None:
    """The page, its tables and the arrays behind the figures are made
    without loading what draws.
    """
    assert not {"matplotlib", "jax"} & loaded[0]


def test_drawing_leaves_no_window_and_no_state(loaded: list[set[str]]) -> None:
    """pyplot, which keeps figures alive and looks for a screen, is not used."""
    assert not {"matplotlib.pyplot", "jax"} & loaded[1]
    assert style.DPI * style.WIDTH == 1024
