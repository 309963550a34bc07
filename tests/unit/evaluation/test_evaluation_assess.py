"""What a run is told of."""

import numpy as np
import pytest
from kinds import DAY, build, opening, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.engine.forward import simulate
from quantamm_cli.evaluation.assess import POOL, assess, continuous, fresh
from quantamm_cli.evaluation.portfolios import portfolios
from quantamm_cli.metrics import METRICS
from quantamm_cli.settings.component import REGISTER


def test_a_metric_that_is_defined_late_is_told_too(
    prices: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs are not those of the metrics there were when they were made."""
    pool, spans = build("pool", "balancer"), (("all", 0, 2 * DAY),)
    feed = world(pool, prices)
    before = assess(pool, opening(pool, 3), feed, spans).scores[POOL]["all"]
    monkeypatch.setitem(METRICS, "late", METRICS["returns"])
    after = assess(pool, opening(pool, 3), feed, spans).scores[POOL]["all"]
    assert set(after) == {*before, "late"}
    assert after["late"] == after["returns"] == before["returns"]


SPANS = (("first", 0, 2 * DAY), ("second", 2 * DAY, 3 * DAY))


def test_the_portfolios_are_the_pools_of_their_names(prices: NDArray[np.float64]) -> None:
    """``lvr`` and ``rvr`` score what a run of pool=lvr and pool=rvr around the same pool scores."""
    pool = with_rule("momentum")
    feed, params = world(pool, prices, fee=0.003), opening(pool, 3)
    found = assess(pool, params, feed, SPANS, followed=True)
    for kind in ("lvr", "rvr"):
        alone = assess(REGISTER["pool"][kind](base=pool), params, feed, SPANS)
        np.testing.assert_allclose(found.worth[kind], alone.trajectory.value, rtol=1e-12)
        for period, _, _ in SPANS:
            assert found.scores[kind][period]["returns"] == pytest.approx(
                alone.scores[POOL][period]["returns"], rel=1e-11
            )
    assert set(found.scores) - {"lvr", "rvr"} == set(assess(pool, params, feed, SPANS).scores)


@pytest.mark.parametrize("kind", ["hodl", "cow", "lvr"])
def test_what_trades_at_an_exchange_or_has_no_weights_of_its_own_is_not_followed(
    kind: str, prices: NDArray[np.float64]
) -> None:
    pool = build("pool", kind)
    assert portfolios(pool, world(pool, prices[:, :2])) == {}


@pytest.mark.heavy
def test_a_fresh_start_is_a_run_that_begins_there(prices: NDArray[np.float64]) -> None:
    """The first period's is the continuous run's; a later one's opens anew,
    on what its estimators have seen.
    """
    pool = with_rule("momentum")
    feed, params = world(pool, prices), opening(pool, 3)
    whole, anew = assess(pool, params, feed, SPANS), fresh(pool, params, feed, SPANS)
    assert anew["first"] == pytest.approx(whole.scores[POOL]["first"], rel=1e-9, nan_ok=True)
    alone = continuous(pool, params, feed, SPANS)
    assert all(
        alone[name] == pytest.approx(whole.scores[POOL][name], rel=1e-9, nan_ok=True)
        for name, _, _ in SPANS
    )
    later = simulate(pool, params, feed, 2 * DAY, DAY)
    assert anew["second"]["returns"] == pytest.approx(
        float(later.value[-1] / later.value[0] - 1), rel=1e-9
    )
    assert anew["second"]["returns"] != pytest.approx(
        whole.scores[POOL]["second"]["returns"], rel=1e-6
    )
