"""What a run is told of."""

import numpy as np
import pytest
from kinds import DAY, build, opening, world
from numpy.typing import NDArray

from quantamm_cli.evaluation.assess import POOL, assess
from quantamm_cli.metrics import METRICS


def test_a_metric_that_is_defined_late_is_told_too(prices: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are not those of the metrics there were when they were made."""
    pool, spans = build("pool", "balancer"), (("all", 0, 2 * DAY),)
    feed = world(pool, prices)
    before = assess(pool, opening(pool, 3), feed, spans).scores[POOL]["all"]
    monkeypatch.setitem(METRICS, "late", METRICS["returns"])
    after = assess(pool, opening(pool, 3), feed, spans).scores[POOL]["all"]
    assert set(after) == {*before, "late"}
    assert after["late"] == after["returns"] == before["returns"]
