"""A run of three tokens over ten days of minutes, as it is stored."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.reporting.periods import Period, Selection, dated
from quantamm_cli.reporting.run import Subject
from quantamm_cli.reporting.run_tables import periods_table

START = 28_000_000
ROWS = 10 * 1440
METRICS = ("returns", "daily_log_sharpe", "max_drawdown")


@pytest.fixture(scope="session")
def periods() -> tuple[Period, ...]:
    """Five days, two and three."""
    return dated((("train", 0, 7200), ("validation", 7200, 10_080), ("test", 10_080, ROWS)), START)


@pytest.fixture(scope="session")
def trajectory(prices: NDArray[np.float64]) -> dict[str, np.ndarray]:
    """What ``trajectory.npz`` holds, of a pool that holds what it has."""
    reserves = np.broadcast_to(1e6 / 3 / prices[0], prices.shape)
    worth = reserves * prices
    unix = (START + np.arange(ROWS, dtype=np.int64)) * 60_000
    value = worth.sum(1)
    return {
        "unix": unix,
        "prices": prices,
        "weights": worth / value[:, None],
        "reserves": reserves,
        "value": value,
    }


@pytest.fixture(scope="session")
def entries() -> list[dict[str, Any]]:
    """A history of five steps of two sets; ``None`` is what was not finite."""
    return [
        {
            "step": step,
            "objective": [step / 10, None],
            "metrics": {
                name: {"daily_log_sharpe": [step + 0.5, None if step == 2 else -step]}
                for name in ("train", "validation", "test")
            },
            "readable": {
                "memory_days": [[step + 1, 2, 3], [4, 5, 6 + step]],
                "initial_weights": [[0.5, 0.3, 0.2]] * 2,
            },
        }
        for step in range(5)
    ]


@pytest.fixture(scope="session")
def subject(
    trajectory: dict[str, np.ndarray], periods: tuple[Period, ...], entries: list[dict[str, Any]]
) -> Subject:
    """All of it, chosen on the test period."""
    scores = {name: dict.fromkeys(METRICS, 0.125) for name in ("train", "validation", "test")}
    choice = {
        "step": 4,
        "set": 0,
        "metric": "daily_log_sharpe",
        "scores": {"train": 4.5, "validation": 4.5, "test": None},
    }
    return Subject(
        name="run_" + "ab" * 32,
        status="finished",
        tokens=("BTC", "ETH", "USDC"),
        periods=periods,
        trajectory=trajectory,
        strategies=dict.fromkeys(("pool", "hodl", "uniform_hodl", "constant_weight"), scores),
        selection=Selection("best_test", 4, 0),
        metric="daily_log_sharpe",
        entries=entries,
        choices={"last": choice, "best_test": choice},
        tables=(periods_table("each period", scores), "external trades: 7"),
        units={"memory_days": "days", "daily_log_sharpe": "1/sqrt(year)"},
        settings={
            "pool": {"kind": "temporal", "note": "<script>alert('&')</script>"},
            "tokens": ["BTC", "ETH", "USDC"],
        },
        provenance={"git": "0123abc", "libraries": {"numpy": "2.4"}},
    )


@pytest.fixture
def walk() -> dict[str, Any]:
    """What ``result.json`` holds of two cycles."""
    interval = {
        "estimate": 0.5,
        "low": None,
        "high": None,
        "positive": None,
        "days": 6,
        "reason": "6 days are too few",
    }
    cycle = {
        "run": "run_" + "cd" * 32,
        "selection": {"load": "best_validation", "step": 3, "set": 1},
        "start": "2023-01-01",
        "end": "2023-02-01",
        "test_end": "2023-02-04",
        "metrics": {
            name: {"sharpe": score, "returns": 0.1, "returns_over_hodl": None}
            for name, score in (("train", 2.0), ("test", None))
        },
        "benchmarks": {"constant_weight": {"test": {"returns": 0.05}}},
        "regime": {"trend": "bull", "volatility": "low"},
        "random": {"sharpe": {"draws": 32, "mean": 0.0, "beaten": 0.75}},
        "efficiency": None,
        "gap": 1.5,
    }
    together = {
        "metric": "sharpe",
        "outside": 1.0,
        "inside": 2.0,
        "efficiency": 0.5,
        "gap": 1.0,
        "worst": None,
        "worst_cycle": None,
    }
    together["intervals"] = {
        "block_days": 1.0,
        "sharpe": interval,
        "hodl": {"mean": interval, "sharpe": interval},
    }
    together |= {"deflated_sharpe": {"probability": 0.9, "benchmark": 0.25, "trials": 4, "days": 6}}
    together |= {
        "haircut": {"adjusted": -0.5, "bound": -2.0},
        "trials": {"total": 8, "effective": 2.5},
    }
    together["random"] = {"sharpe": {"beaten": 0.75}}
    verdict = {
        "finding": "not effective",
        "reasons": ["The worst score is <nothing>."],
        "out_of_sample": True,
    }
    return {
        "run": "walk_" + "ab" * 32,
        "cycles": [cycle | {"cycle": 1}, cycle | {"cycle": 2}],
        "aggregate": together,
        "verdict": verdict,
    }


@pytest.fixture
def daily() -> dict[str, np.ndarray]:
    """What ``daily.npz`` holds of them."""
    returns = np.array([0.1, -0.1, 0.0, 0.2, 0.1, np.nan])
    return {
        "unix": np.arange(6) * 86_400_000,
        "cycle": np.repeat([1, 2], 3),
        "pool": returns,
        "hodl": returns / 2,
    }
