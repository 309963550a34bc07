"""What results give: frames of minutes, and settings that go on from them."""

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
    assert table.columns[:5] == ["unix", "value", "fees", "price_BTC", "price_ETH"]
    np.testing.assert_array_equal(table["weight_ETH"], trajectory.weights[:, 1])
    np.testing.assert_array_equal(table["reserves_BTC"], trajectory.reserves[:, 0])
    np.testing.assert_allclose((trajectory.reserves * trajectory.prices).sum(1), trajectory.value, rtol=1e-12)
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


def test_a_library_that_is_missing_is_named(trajectory: Trajectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(qsim.QsimError, match=r"pandas: is not installed, and this needs it; pip install pandas, or take \.frame\(\)"):
        trajectory.to_pandas()


def test_overrides_may_be_values() -> None:
    """Words and mappings name the same settings, groups among them."""
    words = qsim.compose(
        "train", "tokens=[BTC,ETH]", "fit.steps=7", "pool/rule=anti_momentum", "fees=flat", "fees.fee=0.003", "test_end=null"
    )
    values = {"tokens": ["BTC", "ETH"], "fit.steps": 7, "pool.rule": "anti_momentum", "fees": "flat", "fees.fee": 0.003, "test_end": None}
    assert qsim.compose("train", values).fingerprint == words.fingerprint
    assert qsim.compose("train").but(values).fingerprint == words.fingerprint
    with pytest.raises(qsim.ConfigError, match=r"fit\.stepz: no such setting"):
        qsim.compose("train", {"fit.stepz": 7})
