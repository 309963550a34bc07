"""Training: coordinates without bounds, gradients that climb what is
judged, searches that need none.
"""

import numpy as np
import pytest
from pydantic import Field

import quantamm_cli.competition.market  # noqa: F401
from quantamm_cli.competition.coordinates import Coordinate, coordinates, origins, values
from quantamm_cli.competition.market.kinds.lognormal import Lognormal
from quantamm_cli.competition.optimise import (
    Objective,
    best_of,
    check_gradient,
    evolve,
    follow_gradient,
)
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete, Entry, Epoch


class Bounded(Strategy, kind="bounded"):
    """Settings of every kind."""

    both: float = Field(0.5, ge=0, le=1)
    above: float = Field(3.0, gt=0)
    below: float = Field(-2.0, le=0)
    free: float = -7.0
    whole: int = 3


@pytest.fixture(scope="module")
def objective() -> Objective:
    """A fee far below the best one, 32 seeds in two batches: one program for all slopes."""
    entry = Entry(name="fee", strategy=FixedFee(fee_bps=15.0))
    settings = Compete(strategies=(entry,), market=Lognormal(), steps=400, epoch=Epoch(length=None))
    return Objective(settings, 0, coordinates(entry.strategy), range(32))


def test_coordinates_lead_to_the_settings_they_began_with_and_never_out_of_bounds() -> None:
    """Whole numbers are no coordinates."""
    found = coordinates(Bounded())
    assert [(one.low, one.high) for one in found] == [
        (0, 1),
        (0, np.inf),
        (-np.inf, 0),
        (-np.inf, np.inf),
    ]
    assert {
        name: float(value) for name, value in values(found, origins(found)).items()
    } == pytest.approx({"both": 0.5, "above": 3.0, "below": -2.0, "free": -7.0}, rel=1e-12)
    far = values(found, np.array([[30.0] * 4, [-30.0] * 4]))
    assert (
        (far["both"] >= 0).all()
        and (far["both"] <= 1).all()
        and (far["above"] > 0).all()
        and (far["below"] < 0).all()
    )
    assert Coordinate("x", 0.0, 0.0, 1.0).origin > -np.inf
    with pytest.raises(ConfigError, match="did you mean 'above'"):
        coordinates(Bounded(), ["abov"])


@pytest.mark.heavy
def test_the_gradient_says_what_a_step_brings(objective: Objective) -> None:
    """Within a tenth of a finite difference of what is judged,
    whose arbitrage has a least profit.
    """
    seen = check_gradient(objective, 16)
    assert seen.agree
    assert seen.gradient == pytest.approx(abs(seen.difference), rel=0.1)


@pytest.mark.heavy
def test_climbing_and_searching_find_better_fees(objective: Objective) -> None:
    """Both end above where they began, on the seeds they train on,
    and by the rules they are judged by.
    """
    begun = objective.edges(origins(objective.coordinates)[None]).mean()
    for steps in (
        list(follow_gradient(objective, 16, 10, 0.3)),
        list(evolve(objective, 16, 6, 0.5)),
    ):
        trained, edges = best_of(objective, steps, 4)
        assert edges.mean() > begun + 1
        assert trained["fee_bps"] > 25
