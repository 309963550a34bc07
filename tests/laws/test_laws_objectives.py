"""What every way to join the cycles of a trial promises."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import build, components

from quantamm_cli.tuning.goals import Goal, Target
from quantamm_cli.tuning.objective import Objective

GROUP = "study/objective"
NAMES = components(GROUP)
every = pytest.mark.parametrize("name", NAMES)
few = settings(max_examples=40, deadline=None)
scores = st.lists(st.integers(-100, 100).map(lambda number: number / 8), min_size=1, max_size=8)
BOOK: dict[str, Any] = {
    "mean": lambda scores: sum(scores) / len(scores),
    "worst": lambda scores: sorted(scores)[0],
    "mean_minus_std": lambda scores: (
        BOOK["mean"](scores)
        - (BOOK["mean"]([score**2 for score in scores]) - BOOK["mean"](scores) ** 2) ** 0.5
    ),
}
"""Written a second time."""


def built(name: str, **changes: Any) -> Objective:
    return Objective.typed(build(GROUP, name, **changes))


@every
@few
@given(scores)
def test_it_is_what_it_says(name: str, scores: list[float]) -> None:
    assert built(name).joined(scores) == pytest.approx(BOOK[name](scores), abs=1e-5)


@every
@few
@given(scores, st.randoms())
def test_the_order_of_cycles_does_not_matter(name: str, scores: list[float], draw: Any) -> None:
    """To the bit: a trial that is resumed has the score it would have had."""
    mixed = draw.sample(scores, len(scores))
    assert built(name).joined(mixed) == built(name).joined(scores)


@every
@few
@given(scores, st.integers(-50, 50), st.sampled_from([0.25, 4.0]))
def test_it_keeps_the_units(name: str, scores: list[float], shift: int, scale: float) -> None:
    """Between the worst and the mean, of equal cycles their score; scaled and shifted with them."""
    value = built(name).joined(scores)
    if len(scores) > 1 and name != "mean_minus_std":
        assert min(scores) <= value <= max(scores)
    assert value <= built("mean").joined(scores) + 1e-12
    assert built(name).joined(scores[:1] * len(scores)) == scores[0]
    moved = built(name).joined([scale * score + shift for score in scores])
    assert moved == pytest.approx(scale * value + shift, abs=1e-9)


@every
def test_several_objectives_are_joined_each_by_itself(name: str) -> None:
    targets = Target("test", "calmar"), Target("test", "returns")
    goal = Goal(targets, built(name))
    cycles = [{"test": {"calmar": 1.0, "returns": 9.0}}, {"test": {"calmar": 3.0, "returns": 9.0}}]
    assert goal.values(cycles) == (BOOK[name]([1.0, 3.0]), 9.0)


def test_the_standard_deviation_has_a_factor() -> None:
    """Divided by the number of cycles; none of one cycle."""
    assert built("mean_minus_std", deviations=2.0).joined([1.0, 3.0]) == 2 - 2 * 1
    assert built("mean_minus_std", deviations=0.0).joined([1.0, 3.0]) == 2
    assert built("mean_minus_std", deviations=9.0).joined([3.0]) == 3
    assert math.isclose(built("mean_minus_std").joined([0.0, 0.0, 3.0]), 1 - math.sqrt(2))
