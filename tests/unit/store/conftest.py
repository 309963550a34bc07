"""A small run for the tests of the store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantamm_cli.store.inputs import Inputs
from quantamm_cli.store.runs import Store

Entry = dict[str, Any]


@pytest.fixture
def settings() -> dict[str, Any]:
    """An identity as ``Train.identity()`` gives it."""
    pool = {"kind": "temporal", "rule": {"kind": "momentum"}}
    return {
        "schema": 1,
        "tokens": ("BTC", "ETH"),
        "pool": pool,
        "metric": {"kind": "daily_log_sharpe"},
        "fit": {"steps": 3},
    }


@pytest.fixture
def entry() -> Callable[[int], Entry]:
    """The entry of a step: two sets, two assets, numpy and lists mixed."""

    def make(step: int) -> Entry:
        scores = np.array([0.1 * step, -0.25])
        return {
            "step": step,
            "params": {"log_k": np.full((2, 2), 4.3 + step)},
            "readable": {"k_per_day": [[19.7, 17.1], [1e-05, 5e-324]]},
            "objective": scores,
            "metrics": {
                "train": {"daily_log_sharpe": scores},
                "validation": {"daily_log_sharpe": [float("nan"), 0.5 * step]},
            },
            "learning_rate": 0.1,
            "since_improvement": 0,
        }

    return make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty runs folder."""
    return Store(tmp_path / "runs")


@pytest.fixture
def saved(
    store: Store, settings: dict[str, Any], entry: Callable[[int], Entry]
) -> Callable[..., Path]:
    """Saves steps 0 to ``last`` one by one and returns the checkpoint's path."""

    def save(last: int = 3, status: str = "finished") -> Path:
        with store.open(settings, data=Inputs("d" * 64, {"prices": "d" * 64})) as writer:
            for step in range(last + 1):
                kept = [entry(past) for past in range(step + 1)]
                writer.save(
                    [entry(step)],
                    kept,
                    {"step": np.asarray(step)},
                    status if step == last else "running",
                    {"qsim": "0.1"},
                )
            return writer.path

    return save
