"""Grids, and the page of a walk-forward."""

from typing import Any

import numpy as np
import pytest

from quantamm_cli.reporting.plots.grid_scores import curve, heat
from quantamm_cli.reporting.walk import WalkSubject, walk_page
from quantamm_cli.workflows.plots import images


def test_a_heat_map_has_a_cell_a_point_and_frames_the_best() -> None:
    """The last axis moves fastest, and goes to the right; what is not finite is a dash."""
    figure = heat(
        {"fee": [0.001, 0.01], "k": [1.0, 2.0, 3.0]}, np.array([1, 2, 3, np.nan, 6, 5]), "Sharpe"
    )
    plot = figure.axes[0]
    cells = np.ma.filled(plot.get_images()[0].get_array(), np.nan)
    np.testing.assert_array_equal(cells, [[1, 2, 3], [np.nan, 6, 5]])
    (frame,) = [patch for patch in plot.patches if patch.get_width() == 1]
    assert (frame.get_x(), frame.get_y()) == (0.5, 0.5)
    assert [text.get_text() for text in plot.texts] == ["1", "2", "3", "–", "6", "5"]
    assert (plot.get_xlabel(), plot.get_ylabel()) == ("k", "fee")


@pytest.mark.parametrize(
    ("values", "scale"),
    [([1.0, 10.0, 100.0], "log"), ([1.0, 2.0, 3.0], "linear"), ([0.0, 1.0, 10.0], "linear")],
)
def test_a_curve_of_equal_ratios_has_a_logarithmic_axis(values: list[float], scale: str) -> None:
    plot = curve({"fee": values}, np.array([1.0, 3.0, np.nan]), "Sharpe").axes[0]
    assert plot.get_xscale() == scale
    assert plot.get_lines()[1].get_xydata().tolist() == [[values[1], 3.0]]


def test_a_walk_forward_is_shown_whole(walk: dict[str, Any], daily: dict[str, np.ndarray]) -> None:
    """Verdict with reasons, a row a cycle, two pictures; a choice on the test blocks is no
    longer called out of sample.
    """
    drawn = images("walk", WalkSubject(walk, daily))
    assert {name: image[:4] for name, image in drawn.items()} == {
        "value": b"\x89PNG",
        "cycles": b"\x89PNG",
    }
    page = walk_page(walk, drawn)
    assert page.count("data:image/png") == 2
    for told in (
        "Verdict: not effective",
        "&lt;nothing&gt;",
        "out of sample",
        "bull, low volatility",
        "75%",
        "6 days are too few",
    ):
        assert told in page
    walk["verdict"]["out_of_sample"] = False
    assert "nothing here is out of sample" in walk_page(walk, drawn)
    assert "on the test blocks" in walk_page(walk, drawn)
