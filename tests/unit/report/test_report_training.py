"""Figures over steps show what the history holds."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from quantamm_cli.reporting import style
from quantamm_cli.reporting.periods import Selection
from quantamm_cli.reporting.plots.run_parameters import parameters
from quantamm_cli.reporting.plots.run_training import history

Entries = list[dict[str, Any]]


def titles(figure: Figure) -> list[str]:
    """The last line of each panel's title."""
    return [axes.get_title(loc="left") for axes in figure.axes]


def line(axes: Axes, label: str) -> np.ndarray:
    """The data of a named line."""
    (found,) = [drawn for drawn in axes.get_lines() if drawn.get_label() == label]
    return np.asarray(found.get_ydata(), float)


def names(figure: Figure) -> list[str]:
    """The legend."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_history_has_a_panel_a_period_and_a_line_a_set(entries: Entries) -> None:
    """Objective, train, validation and test; NaN draws nothing and is said;
    the chosen step is marked.
    """
    figure = history(
        entries, "daily_log_sharpe", Selection("best_validation", 3, 0), "1/sqrt(year)"
    )
    objective, train, _, test = figure.axes
    np.testing.assert_array_equal(line(objective, "set 0"), [0, 0.1, 0.2, 0.3, 0.4])
    assert np.isnan(line(objective, "set 1")).all() and "set 1 5, of 5" in titles(figure)[0]
    np.testing.assert_array_equal(line(train, "set 1"), [0, -1, np.nan, -3, -4])
    assert [
        drawn.get_xdata()[0] for drawn in train.get_lines() if drawn.get_label() == "chosen"
    ] == [3]
    assert (
        "daily_log_sharpe" in test.get_ylabel()
        and "1/sqrt(year)" in test.get_ylabel()
        and test.get_xlabel() == "step"
    )
    assert names(figure) == ["set 0", "set 1", "chosen"]
    assert "chosen on the test" not in "".join(titles(figure)) and "made on it" not in "".join(
        titles(figure)
    )


@pytest.mark.parametrize("rule", ["best_test", "best_train_min_test", "best_test_min_train"])
def test_a_choice_on_the_test_period_is_called_so(entries: Entries, rule: str) -> None:
    """Every rule that looks at the test period is named as one that does, in both figures."""
    figure = history(entries, "daily_log_sharpe", Selection(rule, 3, 0))
    assert (
        "chosen on the test period" in titles(figure)[0]
        and "the choice was made on it" in titles(figure)[3]
    )
    assert (
        "chosen on the test period" in titles(parameters(entries, "ABC", Selection(rule, 3, 0)))[0]
    )


def test_a_history_without_test_period_one_set_and_one_step() -> None:
    """What does not exist has no panel; a single step is a dot on a whole step."""
    entry = {"step": 0, "objective": [1.0], "metrics": {"train": {"m": [2.0]}}}
    figure = history([entry], "m")
    assert len(figure.axes) == 2 and names(figure) == ["set 0"]
    (drawn,) = figure.axes[1].get_lines()
    assert drawn.get_marker() == "o" and list(drawn.get_ydata()) == [2.0]
    style.png(figure)
    assert all(tick == round(tick) for tick in figure.axes[1].get_xticks())


def test_a_history_of_nan_says_so() -> None:
    """A run that diverged at once is drawn empty, with words, and makes a file."""
    entries = [
        {
            "step": step,
            "objective": [None] * 3,
            "metrics": {"train": {"m": [None] * 3}},
            "readable": {"k": [[None]] * 3},
        }
        for step in range(4)
    ]
    for figure in (
        history(entries, "m", Selection("last", 3, 0)),
        parameters(entries, ("A", "B")),
    ):
        assert all("nothing to draw" in axes.texts[0].get_text() for axes in figure.axes)
        assert style.png(figure)


def test_of_many_sets_the_chosen_one_stands_out() -> None:
    """Twenty sets have one name for all the others."""
    entries = [{"step": step, "objective": list(range(20)), "metrics": {}} for step in range(3)]
    figure = history(entries, "m", Selection("last", 2, 7))
    assert sorted(names(figure)) == ["chosen", "other sets", "set 7"]
    assert line(figure.axes[0], "set 7").tolist() == [7, 7, 7]


def test_parameters_have_a_panel_each_and_a_line_a_token(entries: Entries) -> None:
    """The chosen set's numbers by token; units are named; a parameter that never
    moves is said and not drawn.
    """
    figure = parameters(entries, ("A", "B", "C"), Selection("last", 4, 1), {"memory_days": "days"})
    (axes,) = figure.axes
    assert "memory_days (days)" in titles(figure)[0]
    np.testing.assert_array_equal(line(axes, "C"), [6, 7, 8, 9, 10])
    np.testing.assert_array_equal(line(axes, "A"), [4] * 5)
    assert "constant: initial_weights" in axes.get_xlabel()
    assert names(figure)[:3] == ["A", "B", "C"] and "set 1" in names(figure)[3]


def test_layers_shared_numbers_and_orders_of_magnitude() -> None:
    """A panel a layer, by name; one number for all tokens is called so;
    positive numbers far apart get a logarithmic scale.
    """
    entries = [
        {
            "step": step,
            "objective": [0.0],
            "readable": {"k": [[[1, 2], [3, 10.0**step]]], "width": [[step]]},
        }
        for step in range(4)
    ]
    figure = parameters(entries, ("A", "B"), layers={"k": ("fast", "slow")})
    assert [title.split("\n")[0] for title in titles(figure)] == ["k slow", "width"]
    assert figure.axes[0].get_yscale() == "log" and figure.axes[1].get_yscale() == "linear"
    assert line(figure.axes[1], "all tokens").tolist() == [0, 1, 2, 3]
    assert "k fast" in figure.axes[-1].get_xlabel()
    assert style.png(figure)


def test_rounding_is_not_magnified() -> None:
    """Scores that differ in their last digits fill no panel; those that
    differ by a thousandth do.
    """
    for spread, wide in ((1e-12, True), (1e-3, False)):
        entries = [
            {"step": step, "objective": [0.0], "metrics": {"train": {"m": [1.4 + step * spread]}}}
            for step in range(2)
        ]
        low, high = history(entries, "m", None).axes[1].get_ylim()
        assert bool(high - low > 0.1) is wide
