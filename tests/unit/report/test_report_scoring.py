"""What pages and plots show of shares, and of metrics that are minus what they are called."""

from typing import Any

import numpy as np

from quantamm_cli.reporting.grid import Grid
from quantamm_cli.reporting.periods import Period
from quantamm_cli.reporting.plots.grid_scores import _grid
from quantamm_cli.reporting.plots.run_training import history
from quantamm_cli.reporting.run import Subject
from quantamm_cli.reporting.run_tables import grid_table, metrics_tables, selections_table
from quantamm_cli.reporting.walk_tables import cycles_table, together_table

METRIC = "daily_volatility"


def test_values_beside_benchmarks_are_of_the_first_rows_shares() -> None:
    """A pool that doubles its shares and nothing else has the value of HODL."""
    prices = np.stack([[2.0, 2.1, 2.2, 2.0], np.ones(4)], axis=-1)
    supply = np.array([10.0, 20.0, 20.0, 5.0])
    reserves = np.array([3.0, 6.0]) * supply[:, None] / 10
    minutes = np.arange(4) * 60_000
    path = {"unix": minutes, "prices": prices, "reserves": reserves, "weights": prices}
    path["value"] = (prices * reserves).sum(-1)
    periods = (Period("train", 0, 2 * 60_000), Period("test", 2 * 60_000, 4 * 60_000))
    subject = Subject("run", ("A", "B"), periods, path, {}, supply=supply)
    np.testing.assert_allclose(subject.values["pool"], prices @ [3.0, 6.0])
    np.testing.assert_allclose(subject.values["hodl"], subject.values["pool"])
    assert "shares" in subject.unit
    whole = Subject("run", ("A", "B"), periods, path, {})
    np.testing.assert_array_equal(whole.values["pool"], path["value"])
    assert whole.unit == "numeraire"


def test_tables_of_a_page_show_a_volatility_positive() -> None:
    scores = {"pool": {"test": {METRIC: -0.25, "returns": -0.5}}}
    (table,) = metrics_tables(scores, {})
    assert [row[-1] for row in table.rows] == [0.25, -0.5]
    choice: Any = {"step": 1, "set": 0, "metric": METRIC, "scores": {"train": -0.5, "test": None}}
    assert selections_table({"last": choice}).rows == (("last", 1, 0, 0.5, None),)
    surface = grid_table(METRIC, {"a": [1.0], "b": [1.0, 2.0]}, [-0.25, -0.5])
    assert surface is not None and [text[:4] for text in surface.rows[0][1:]] == ["0.25", "0.5 "]


def test_plots_show_it_positive_and_mark_the_lowest() -> None:
    figure = _grid(Grid({"k": [1.0, 2.0, 3.0]}, np.array([-3.0, -1.0, -2.0]), METRIC, "", ""))
    assert figure is not None
    line, best = figure.axes[0].get_lines()
    assert line.get_ydata().tolist() == [3, 1, 2]
    assert best.get_xydata().tolist() == [[2.0, 1.0]]
    steps: Any = [
        {"step": step, "objective": [-0.5], "metrics": {"train": {METRIC: [-0.25]}}}
        for step in range(3)
    ]
    objective, train = history(steps, METRIC).axes
    assert {objective.get_lines()[0].get_ydata()[0], train.get_lines()[0].get_ydata()[0]} == {
        -0.5,
        0.25,
    }


def test_a_walk_forward_shows_it_positive(walk: dict[str, Any]) -> None:
    """And the gap is that of what is shown."""
    walk["aggregate"]["metric"] = METRIC
    walk["aggregate"]["random"][METRIC] = {"beaten": 0.5}
    walk["aggregate"] |= {"inside": -0.25, "outside": -0.5, "gap": 0.25, "worst": -0.75}
    for each in walk["cycles"]:
        each["metrics"] = {
            "train": each["metrics"]["train"] | {METRIC: -0.25},
            "test": each["metrics"]["test"] | {METRIC: -0.5},
        }
        each["random"][METRIC], each["gap"] = {"beaten": 0.5}, 0.25
    rows = cycles_table(walk).rows  # type: ignore[arg-type]
    assert all(row[4:6] == (0.25, 0.5) and row[7] == -0.25 for row in rows)
    shown = {row[0]: row for row in together_table(walk).rows}  # type: ignore[arg-type]
    assert shown[f"mean OOS {METRIC}"][1] == 0.5
    assert "0.250" in shown[f"mean OOS {METRIC}"][3]
    assert shown["worst OOS"][1] == 0.75
