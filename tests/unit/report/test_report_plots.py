"""Every registered plot: it says what it shows, and draws a small result of its kind."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantamm_cli.competition.replay_record import Replay
from quantamm_cli.config.components import load_plots
from quantamm_cli.reporting import style
from quantamm_cli.reporting.competition import CompetitionSubject
from quantamm_cli.reporting.grid import Grid
from quantamm_cli.reporting.plot import PLOTS, Plot, images, pictures, plot, plots_of
from quantamm_cli.reporting.run import Subject, run_page
from quantamm_cli.reporting.walk import WalkSubject

load_plots()
ALL = [each for kind in PLOTS for each in plots_of(kind)]
PACKAGE = Path(style.__file__).parent / "plots"


@pytest.fixture
def results(
    subject: Subject, walk: dict[str, Any], daily: dict[str, np.ndarray], root: Path
) -> dict[str, Any]:
    """A small result of each kind."""
    stored = root / "tests/goldens/stored/runs"
    (receipt,) = stored.glob("compete_*/receipt.json")
    scores = json.loads(receipt.with_name("scores.json").read_text())
    random = np.random.default_rng(1)
    price, pools = 100 + random.normal(size=50), ("mine", "normaliser")
    quotes = price[:, None] * np.array([[0.999, 0.997]])
    reserves = np.stack([np.full((50, 2), 100.0), quotes * 100], axis=-1)
    weight, edge = np.ones((50, 1)), random.normal(size=(50, 2))
    replay = Replay(
        7, 10, pools, price, reserves, quotes, 2 * price[:, None] - quotes, edge, weight, ({},), ()
    )
    return {
        "run": subject,
        "walk": WalkSubject(walk, daily),  # type: ignore[arg-type]
        "competition": CompetitionSubject(scores, json.loads(receipt.read_text())["edges"]),
        "replay": replay,
        "grid": Grid({"fee": [0.001, 0.01], "k": [1.0, 2.0]}, np.arange(4.0), "sharpe", "", "x"),
    }


@pytest.mark.parametrize("each", ALL, ids=[f"{each.of}-{each.name}" for each in ALL])
def test_it_draws_something_and_says_what(each: Plot, results: dict[str, Any]) -> None:
    """A figure with labelled axes as wide as the page; a sentence. Warnings are errors."""
    assert each.caption[0].isupper() and each.caption.endswith(".")
    figure = style.styled(each.draw)(results[each.of])
    assert figure is not None
    labels = [axes.get_ylabel() + axes.get_xlabel() for axes in figure.axes]
    assert figure.axes and any(labels)
    assert any(axes.lines or axes.patches or axes.images for axes in figure.axes)
    assert style.png(figure).startswith(b"\x89PNG")
    assert figure.get_figwidth() == style.WIDTH


def test_every_file_is_a_plot() -> None:
    """One plot a file, and each file one."""
    homes = [
        each.draw.__module__.rsplit(".", 1)[1]
        for each in ALL
        if "quantamm_cli" in each.draw.__module__
    ]
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert sorted(homes) == sorted(files)


def test_the_files_and_their_order_are_what_they_were(results: dict[str, Any]) -> None:
    """Programs read these names; a page keeps its order."""
    names = {kind: [each.name for each in plots_of(kind)] for kind in PLOTS}
    shipped = {
        "run": ["value", "weights", "drawdown", "training", "parameters"],
        "walk": ["value", "cycles"],
        "competition": ["edge", "seeds"],
        "replay": ["quotes", "edge", "value"],
        "grid": ["grid"],
    }
    assert {
        kind: [name for name in names[kind] if name in shipped[kind]] for kind in shipped
    } == shipped


def test_a_plot_of_ones_own_is_drawn_and_shown_in_its_place(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its declaration alone: under a heading there is, or one of its own."""
    monkeypatch.setitem(PLOTS, "run", {})

    @plot("late", of="run", caption="Late.", order=2, heading="Over time")
    @plot("own", of="run", caption="<Own>.", order=3)
    @plot("early", of="run", caption="Early.", order=1, heading="Over time")
    def draw(run: Subject) -> Any:
        figure, (axes,) = style.panels(run.name, "", 1, 1.0)
        axes.plot([1, 2])
        return figure

    @plot("nothing", of="run", caption="Nothing.")
    def nothing(run: Subject) -> None:
        return None

    drawn = images("run", subject)
    assert list(drawn) == ["early", "late", "own"]
    assert {name: len(shown) for name, shown in pictures("run", drawn).items()} == {
        "Over time": 2,
        "More": 1,
    }
    page = run_page(subject, drawn)
    places = [page.index(text) for text in ("Over time", "Early.", "Late.", "More", "&lt;Own&gt;.")]
    assert places == sorted(places)
    assert "Nothing." not in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"name": "x", "of": "runs"}, "of='runs' (did you mean 'run'?); expected one of run, walk"),
        ({"name": "a/b", "of": "run"}, "name='a/b'; expected letters, digits and _"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plot(**words, caption="")
