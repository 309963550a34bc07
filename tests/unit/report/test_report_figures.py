"""Figures over time show what the arrays hold."""

import numpy as np
import pytest
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quantamm_cli.reporting import style
from quantamm_cli.reporting.benchmarks import benchmarks, drawdown, rebased
from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.over_time import value as value_lines
from quantamm_cli.reporting.periods import Period, pieces
from quantamm_cli.reporting.plots.run_drawdown import drawdowns
from quantamm_cli.reporting.plots.run_weights import weights

Trajectory = dict[str, np.ndarray]
Periods = tuple[Period, ...]


def labelled(figure: Figure) -> dict[str, NDArray[np.float64]]:
    """The finite data of the named lines of the first axes."""
    lines = {
        str(line.get_label()): np.asarray(line.get_ydata(), float)
        for line in figure.axes[0].get_lines()
    }
    return {
        name: data[np.isfinite(data)] for name, data in lines.items() if not name.startswith("_")
    }


def words(figure: Figure) -> str:
    """All texts of a figure."""
    axes = [text.get_text() for axes in figure.axes for text in axes.texts] + [
        axes.get_title(loc="left") for axes in figure.axes
    ]
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return "\n".join([*axes, *legends, str(figure.get_suptitle())])


def test_each_token_has_its_weights(trajectory: Trajectory, periods: Periods) -> None:
    """A line a token, from the lowest to the highest weight, with a unit,
    dates in UTC and a name in the legend.
    """
    figure = weights(
        trajectory["unix"],
        trajectory["weights"],
        ("BTC", "ETH", "USDC"),
        periods,
        "last: step 1, set 0",
    )
    lines = labelled(figure)
    assert list(lines) == ["BTC", "ETH", "USDC"]
    for index, data in enumerate(lines.values()):
        column = trajectory["weights"][:, index]
        assert (
            data[0] == column[0]
            and data[-1] == column[-1]
            and data.min() == column.min()
            and data.max() == column.max()
        )
    (axes,) = figure.axes
    assert (
        axes.get_ylabel() == "weight (%)"
        and axes.get_xlabel() == "date (UTC), 2023-03-28 to 2023-04-07"
    )
    first = num2date(axes.get_lines()[0].get_xdata()[0])
    assert first.timestamp() == pytest.approx(trajectory["unix"][0] / 1000, abs=1e-3)
    assert "last: step 1, set 0" in words(figure)


def test_periods_are_shaded_and_named(trajectory: Trajectory, periods: Periods) -> None:
    """Each period there is has a tint and a name: above it, or in the legend where it is too
    narrow; without periods there are none.
    """
    unix, value = trajectory["unix"], {"pool": trajectory["value"]}
    for told in (
        periods,
        (
            Period("train", int(unix[0]), int(unix[-9])),
            Period("test", int(unix[-9]), int(unix[-1]) + 1),
        ),
    ):
        figure = value_lines(unix, value, told)
        assert len(figure.axes[0].patches) == len(told) and all(
            period.name in words(figure) for period in told
        )
    bare = value_lines(unix, value)
    assert not bare.axes[0].patches and "train" not in words(bare)
    assert "test" not in words(value_lines(unix, value, periods[:2]))


def test_amounts_below_a_thousand_have_no_letter() -> None:
    """0.8 is not 800m."""
    unix = np.arange(3) * 86_400_000
    small, large = ({"pool": scale * np.array([0.8, 1.0, 1.2])} for scale in (1.0, 1e6))
    said = [
        value_lines(unix, values).axes[0].yaxis.get_major_formatter()(values["pool"][0], 0)
        for values in (small, large)
    ]
    assert said == ["0.8", "800k"]


def test_value_is_beside_its_benchmarks(trajectory: Trajectory, periods: Periods) -> None:
    """Every strategy has a line of its own look, and in each period all
    begin where the pool does.
    """
    own = trajectory["value"] ** 1.1
    others = rebased(
        {"lvr": own**2, "rvr": 3 * own}, trajectory["value"], trajectory["unix"], periods
    )
    values = {"pool": own, **benchmarks(trajectory, periods), **others}
    figure = value_lines(trajectory["unix"], values, periods, unit="USDC")
    assert set(labelled(figure)) == set(STRATEGIES.values()) - {"random parameters"}
    named = [
        line for line in figure.axes[0].get_lines() if str(line.get_label()) in STRATEGIES.values()
    ]
    assert len({(line.get_color(), line.get_linestyle()) for line in named}) == 6
    assert figure.axes[0].get_ylabel() == "value (USDC)"
    for rows in pieces(trajectory["unix"], periods):
        for name in ("hodl", "uniform_hodl", "constant_weight", "lvr", "rvr"):
            assert values[name][rows.start] == pytest.approx(
                trajectory["value"][rows.start], rel=1e-12
            )


def test_benchmarks_are_what_they_say(trajectory: Trajectory, periods: Periods) -> None:
    """HODL of a pool that holds is that pool; from equal parts uniform HODL is too; constant
    weights grow by the mean of log prices.
    """
    found = benchmarks(trajectory, periods[:1])
    rows = slice(0, 7200)
    np.testing.assert_allclose(found["hodl"][rows], trajectory["value"][rows], rtol=1e-12)
    np.testing.assert_allclose(found["uniform_hodl"][rows], trajectory["value"][rows], rtol=1e-12)
    growth = (trajectory["prices"][rows] / trajectory["prices"][0]).prod(1) ** (1 / 3)
    np.testing.assert_allclose(found["constant_weight"][rows], 1e6 * growth, rtol=1e-12)
    assert np.isnan(found["hodl"][7200:]).all()


def test_drawdown_is_below_the_period_so_far(trajectory: Trajectory, periods: Periods) -> None:
    """The deepest point drawn is that of the worst period, each with a peak of its own."""
    value = trajectory["value"]
    figure = drawdowns(trajectory["unix"], {"pool": value}, periods)
    own = [
        (value[rows] / np.maximum.accumulate(value[rows]) - 1).min()
        for rows in pieces(trajectory["unix"], periods)
    ]
    drawn = labelled(figure)["this pool"]
    assert drawn.min() == min(own) and drawn.max() == 0
    np.testing.assert_array_equal(
        drawdown(np.array([np.nan, 2, 1, np.nan, 4, 3])), [np.nan, 0, -0.5, np.nan, 0, -0.25]
    )


def test_what_is_not_finite_is_not_drawn_and_said(trajectory: Trajectory) -> None:
    """NaN and infinity leave a gap and a note; where nothing is finite that is said."""
    value = trajectory["value"].copy()
    value[100:130], value[5000] = np.nan, np.inf
    figure = value_lines(trajectory["unix"], {"pool": value})
    assert "not finite: this pool 31, of 14,400" in words(figure)
    assert np.isnan(np.asarray(figure.axes[0].get_lines()[0].get_ydata(), float)).any()
    assert "nothing to draw" in words(value_lines(trajectory["unix"], {"pool": value * np.nan}))
    assert "nothing to draw" not in words(figure)


def test_eight_tokens_can_be_told_apart(trajectory: Trajectory) -> None:
    """Eight lines of eight colours, and none of the names is read as a formula."""
    names = tuple(f"T${index}$" for index in range(8))
    figure = weights(trajectory["unix"], np.full((len(trajectory["unix"]), 8), 0.125), names)
    lines = [line for line in figure.axes[0].get_lines() if str(line.get_label()) in names]
    assert (
        len({line.get_color() for line in lines}) == 8
        and len({line.get_linestyle() for line in lines}) == 2
    )
    assert style.png(figure).startswith(b"\x89PNG")


def test_many_rows_become_few_points(trajectory: Trajectory, periods: Periods) -> None:
    """A line has at most some thousands of points however many minutes there are."""
    figure = value_lines(trajectory["unix"], {"pool": trajectory["value"]}, periods)
    assert (
        len(np.asarray(figure.axes[0].get_lines()[0].get_ydata()))
        <= 3 * (3 * 1000 + 3)
        < len(trajectory["unix"])
    )


def test_a_file_is_the_same_each_time(trajectory: Trajectory, periods: Periods) -> None:
    """The same arrays make the same bytes, without a date, whatever the user's own style is."""
    import matplotlib as mpl

    first = style.png(value_lines(trajectory["unix"], {"pool": trajectory["value"]}, periods))
    with mpl.rc_context({"axes.edgecolor": "red", "font.size": 30, "savefig.dpi": 30}):
        assert (
            style.png(value_lines(trajectory["unix"], {"pool": trajectory["value"]}, periods))
            == first
        )
        assert mpl.rcParams["font.size"] == 30
    assert b"tIME" not in first and b"Software" not in first
