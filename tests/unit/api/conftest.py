"""A small market as an array, and settings of its time."""

from pathlib import Path

import numpy as np
import polars
import pytest
from numpy.typing import NDArray

import quantamm_cli as qsim
from quantamm_cli.settings.types import minute

START, DAYS = "2023-03-01", 20
TOKENS = ["BTC", "ETH"]


@pytest.fixture(scope="session")
def closes() -> NDArray[np.float64]:
    """Twenty days of minutes of two assets."""
    random = np.random.Generator(np.random.PCG64(5))
    steps = random.standard_normal((DAYS * 1440, 2)) * 6e-4
    return np.exp(np.cumsum(steps, axis=0)) * np.array([20_000.0, 1_500.0])


@pytest.fixture(scope="session")
def frame(closes: NDArray[np.float64]) -> polars.DataFrame:
    """The same as a frame with times in ms."""
    unix = (minute(START) + np.arange(len(closes))) * 60_000
    return polars.DataFrame({"unix": unix, "BTC": closes[:, 0], "ETH": closes[:, 1]})


@pytest.fixture
def settings(tmp_path: Path) -> qsim.Settings:
    """A training of a few steps on its last days."""
    words = (
        "tokens=[BTC,ETH]",
        "start=2023-03-06",
        "end=2023-03-16",
        "test_end=2023-03-20",
        "data.burn_in_days=5",
    )
    small = (
        "split.bout_offset=1440",
        "split.validation_fraction=0.3",
        "fit.steps=3",
        "fit.parameter_sets=2",
        "fit.batch_size=2",
        f"runs_dir={tmp_path / 'runs'}",
    )
    return qsim.compose("train", *words, *small)
