"""The verdict: each check alone can fail it, and what cannot be told is said."""

import math
from typing import Any

import pytest

from quantamm_cli.evaluation.bootstrap import Interval
from quantamm_cli.evaluation.robustness import robustness
from quantamm_cli.evaluation.sharpe import Deflated
from quantamm_cli.evaluation.verdict import Standards, verdict

GOOD = robustness([2.0, 1.0], [1.5, 0.5])
SURE = Deflated(0.97, 0.1, 0.04, 40, 360)
ABOVE = Interval(1.9, 0.2, 3.0, 0.98, 360)


def test_an_effective_strategy_is_told_why() -> None:
    """A sentence for every check that was asked for."""
    found = verdict(GOOD, SURE, ABOVE, 0.3)
    assert found.finding == "effective"
    assert found.reasons == (
        "The mean score is 1.5 in sample and 1 out of it: 67% of it remains, at least 50% must.",
        "The worst out-of-sample score is 0.5 (cycle 2); it must be above 0.",
        (
            "The yearly Sharpe ratio of 1.91 is above the 0.764 that the best of 40 trials "
            "reaches by chance, with probability 97.0%; it must be 95%."
        ),
        "The bootstrap interval of 1.9 is 0.2 to 3; it must be above 0.",
        "The Sharpe ratio after its haircut is 0.3; it must be above 0.",
    )
    assert verdict(GOOD).finding == "effective" and len(verdict(GOOD).reasons) == 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cycles": robustness([2.0, 2.0], [0.9, 0.9])}, "45% of it remains"),
        (
            {"cycles": robustness([2.0, 2.0, 2.0], [3.0, 0.0, 3.0])},
            "The worst out-of-sample score is 0 (cycle 2)",
        ),
        ({"cycles": robustness([-1.0, 0.5], [1.0, 1.0])}, "the score in sample is not positive"),
        ({"deflated": SURE._replace(probability=0.94)}, "probability 94.0%; it must be 95%"),
        ({"interval": ABOVE._replace(low=0.0)}, "The bootstrap interval of 1.9 is 0 to 3"),
        ({"adjusted": 0.0}, "after its haircut is 0; it must be above 0"),
    ],
)
def test_any_check_that_fails_decides_and_is_told_alone(changed: dict[str, Any], told: str) -> None:
    """Also beside what cannot be told."""
    given = {"cycles": GOOD, "deflated": SURE, "interval": ABOVE, "adjusted": 0.3} | changed
    found = verdict(**given)
    assert found.finding == "not effective" and len(found.reasons) == 1 and told in found.reasons[0]
    if "interval" not in changed:
        assert verdict(**given | {"interval": ABOVE._replace(low=math.nan, reason="x")}) == found


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"cycles": robustness([2.0, 1.0, math.nan], [1.5, 0.5, 1.0])},
            "1 of 3 cycles have no score.",
        ),
        (
            {"deflated": SURE._replace(probability=math.nan, reason="why not")},
            "There is no deflated Sharpe ratio: why not.",
        ),
        (
            {"interval": ABOVE._replace(low=math.nan, reason="why not")},
            "There is no bootstrap interval: why not.",
        ),
        ({"adjusted": math.nan}, "There is no Sharpe ratio after a haircut."),
        (
            {"cycles": robustness([1.0], [-1.0])},
            "1 of 1 cycles have scores in and out of sample; at least 2 are needed.",
        ),
        (
            {"cycles": robustness([], [])},
            "0 of 0 cycles have scores in and out of sample; at least 2 are needed.",
        ),
        (
            {"deflated": SURE._replace(probability=0.1, days=59)},
            "There are 59 out-of-sample days; at least 60 are needed.",
        ),
        (
            {"interval": ABOVE._replace(low=-1.0, days=59)},
            "There are 59 out-of-sample days; at least 60 are needed.",
        ),
    ],
)
def test_what_cannot_be_told_is_not_enough_data(changed: dict[str, Any], told: str) -> None:
    """Too few cycles or days judge nothing, not even a failure."""
    given = {"cycles": GOOD, "deflated": SURE, "interval": ABOVE, "adjusted": 0.3} | changed
    assert verdict(**given) == ("not enough data", (told,))


@pytest.mark.parametrize(
    "asked",
    [
        Standards(cycles=3),
        Standards(efficiency=0.7),
        Standards(worst=0.5),
        Standards(probability=0.98),
        Standards(days=361),
    ],
)
def test_standards_decide(asked: Standards) -> None:
    """What passes the usual ones fails each of these."""
    assert verdict(GOOD, SURE, standards=asked).finding != "effective"
