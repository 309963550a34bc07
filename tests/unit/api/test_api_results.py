"""What results give: frames of minutes, and settings that go on from them."""

from datetime import datetime
from typing import Any

import numpy as np
import polars
import pytest

import quantamm_cli as qsim
from quantamm_cli.workflows.trajectory import Trajectory


@pytest.fixture
def trajectory(settings: qsim.Settings, frame: polars.DataFrame) -> Trajectory:
    """Of a pool with fees."""
    return qsim.simulate(settings, market=qsim.market(frame, fees=0.003)).trajectory


def test_frames_hold_what_the_arrays_hold(trajectory: Trajectory) -> None:
    table = trajectory.frame()
    flows = ["fees", "arbitrage_volume", "trade_volume", "refused"]
    assert table.columns[:8] == ["unix", "value", *flows, "price_BTC", "price_ETH"]
    daily = trajectory.daily()
    assert daily.columns == ["unix", *flows]
    assert daily.height == 10
    assert daily["arbitrage_volume"].sum() == pytest.approx(table["arbitrage_volume"].sum())
    assert trajectory.arbitrage_volume.sum() > trajectory.fees.sum() / 0.003 * 0.99
    np.testing.assert_array_equal(table["weight_ETH"], trajectory.weights[:, 1])
    np.testing.assert_array_equal(table["reserves_BTC"], trajectory.reserves[:, 0])
    np.testing.assert_allclose(
        (trajectory.reserves * trajectory.prices).sum(1), trajectory.value, rtol=1e-12
    )
    assert len(trajectory) == table.height == 10 * 1440
    assert polars.from_epoch(table["unix"], "ms")[0].isoformat() == "2023-03-06T00:00:00"


def test_pandas_and_xarray_hold_the_same(trajectory: Trajectory) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("xarray")
    frame, data = trajectory.to_pandas(), trajectory.to_xarray()
    assert str(frame.index[1]) == "2023-03-06 00:01:00+00:00"
    np.testing.assert_array_equal(frame["price_ETH"], trajectory.prices[:, 1])
    assert data.sizes == {"time": len(trajectory), "token": 2}
    np.testing.assert_array_equal(data["weights"].sel(token="BTC"), trajectory.weights[:, 0])
    assert str(data["time"][1].values).startswith("2023-03-06T00:01:00")


def test_a_result_is_a_line_until_it_is_printed(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """Lists of results stay readable."""
    result = qsim.simulate(settings, market=qsim.market(frame))
    assert repr([result]) == "[<SimulationResult: temporal from 2023-03-06 to 2023-03-16>]"
    assert repr(result.trajectory) == "<Trajectory: 14,400 minutes of BTC, ETH>"
    assert (
        repr(qsim.simulator(settings, qsim.market(frame)))
        == "<Simulator: pool=temporal, 14,400 minutes>"
    )


def test_a_grid_is_simulated_point_by_point(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """As the command line does it."""
    market = qsim.market(frame)
    points = qsim.simulate(
        settings.of("simulate").but("grid.k_per_day=[1,100,3,log]"), market=market
    ).to_dict()["grid"]
    one = qsim.simulate(settings.but("params.k_per_day=10"), market=market)
    assert isinstance(points, list)
    assert [
        point["params"]["k_per_day"]
        for point in points
        if point["metrics"]["returns"] == pytest.approx(one.metrics["returns"])
    ] == [10]


def test_a_library_that_is_missing_is_named(
    trajectory: Trajectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(
        qsim.QsimError,
        match=(
            r"pandas: is not installed, and this needs it; pip install pandas, "
            r"or use \.frame\(\)"
        ),
    ):
        trajectory.to_pandas()


def test_overrides_may_be_values() -> None:
    """Words and mappings name the same settings, groups among them."""
    words = qsim.compose(
        "train",
        "tokens=[BTC,ETH]",
        "fit.steps=7",
        "pool/rule=anti_momentum",
        "fees=flat",
        "fees.fee=0.003",
        "test_end=null",
    )
    values = {
        "tokens": ["BTC", "ETH"],
        "fit.steps": 7,
        "pool.rule": "anti_momentum",
        "fees": "flat",
        "fees.fee": 0.003,
        "test_end": None,
    }
    assert qsim.compose("train", values).fingerprint == words.fingerprint
    assert qsim.compose("train").but(values).fingerprint == words.fingerprint
    numbers = {
        "fit.steps": np.int64(7),
        "fit.learning_rate": np.float64(0.25),
        "start": datetime(2023, 3, 6),
        "params": {"k_per_day": np.ones(2)},
    }
    plain = {
        "fit.steps": 7,
        "fit.learning_rate": 0.25,
        "start": "2023-03-06",
        "params": {"k_per_day": [1.0, 1.0]},
    }
    two = qsim.compose("train", "tokens=[BTC,ETH]")
    assert two.but(numbers).fingerprint == two.but(plain).fingerprint
    with pytest.raises(qsim.ConfigError, match=r"fit\.stepz: no such setting"):
        qsim.compose("train", {"fit.stepz": 7})


WRONG = {
    "settings": (
        lambda s, f: qsim.train("fit.steps=3"),
        r"settings: is of type str; expected qsim\.compose\(\.\.\.\)",
    ),
    "market": (
        lambda s, f: qsim.train(s, market=f),
        r"market: is of type DataFrame; expected qsim\.market\(\.\.\.\)",
    ),
    "monitor": (
        lambda s, f: qsim.train(s, monitor=print),
        "monitor: is of type builtin_function_or_method; expected an object of a class",
    ),
    "run": (
        lambda s, f: qsim.evaluate(3),
        "run: is of type int; expected settings, a stored run or its name",
    ),
    "override": (
        lambda s, f: s.but(3),
        "overrides: 3 is neither a word such as 'fit.steps=200' nor a mapping",
    ),
    "strategies": (
        lambda s, f: qsim.compete([]),
        r"strategies: are \[\]; expected a list of one or more",
    ),
    "a name": (
        lambda s, f: qsim.compete("fixed_fee"),
        "strategies: are 'fixed_fee'; expected a list",
    ),
    "untrained": (lambda s, f: qsim.evaluate(s), "of these settings; train it first"),
    "start": (
        lambda s, f: qsim.simulator(s, qsim.market(f), rows=100)({}, -5),
        "start: is -5; expected 0 to 20060",
    ),
    "a concrete array": (
        lambda s, f: qsim.simulator(s, qsim.market(f), rows=100)({}, np.array(-7)),
        "start: is -7; expected 0 to 20060",
    ),
    "rows": (
        lambda s, f: qsim.simulator(s, qsim.market(f), rows=1.5),
        "rows: is 1.5; expected 1 to",
    ),
    "shape": (
        lambda s, f: qsim.simulator(s, qsim.market(f))({"log_k": 1.0}),
        r"params: log_k has the shape \(\); expected \(2,\)",
    ),
    "periods": (
        lambda s, f: qsim.evaluate(s, periods={"x": ("2021-01-10",)}),
        "periods: 'x' is .*; expected start and end by name",
    ),
    "space": (
        lambda s, f: qsim.tune(s, space="x"),
        "space: is of type str; expected ranges by the names",
    ),
    "name": (lambda s, f: s.but({1: 3}), "overrides: 1 is not the name of a setting"),
    "later start": (
        lambda s, f: qsim.simulator(s, qsim.market(f), rows=100)({}, 20_061),
        "start: is 20061; expected 0 to 20060",
    ),
}


@pytest.mark.parametrize(("make", "says"), WRONG.values(), ids=WRONG)
def test_a_value_of_another_type_is_named(
    make: Any, says: str, settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    with pytest.raises(qsim.QsimError, match=says):
        make(settings, frame)
