"""The front of several objectives, and what ``--pick`` picks of it."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna_studies import study_of

from quantamm_cli.errors import ArgumentError
from quantamm_cli.tuning.pareto import front, pick

NAMES = ("validation.calmar", "test.calmar", "test.turnover")
A, B, C = NAMES
Points = list[tuple[float, ...]]
EVERY = ("knee", *NAMES, f"weights:{A}=1,{C}=0.25", "weights:turnover=3")


def points(objectives: int, least: int = 1) -> st.SearchStrategy[Points]:
    """Few different numbers, so that many are equal."""
    point = st.tuples(*[st.integers(-4, 4).map(float)] * objectives)
    return st.lists(point, min_size=least, max_size=14)


few = settings(max_examples=60, deadline=None)


@few
@given(st.integers(1, 4).flatmap(lambda objectives: points(objectives, 0)))
def test_the_front_is_what_nothing_beats(values: Points) -> None:
    """By the definition, pair by pair: equal values stay together."""

    def beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        pairs = list(zip(one, other, strict=True))
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    expected = [
        index
        for index, value in enumerate(values)
        if not any(beats(other, value) for other in values)
    ]
    assert front(values) == expected


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_the_front_is_optunas(objectives: int) -> None:
    """``best_trials`` of random trials, each of which is there twice."""
    draw = random.Random(objectives)
    values = [tuple(float(draw.randrange(99)) for _ in range(objectives)) for _ in range(40)] * 2
    best = sorted(trial.number for trial in study_of(values).best_trials)
    if objectives == 1:  # Optuna names one of equals
        assert set(best) <= set(front(values))
    else:
        assert best == front(values)
        assert 2 < len(best) < len(values)


@few
@given(points(3), st.sampled_from(EVERY))
def test_what_is_picked_is_on_the_front(values: Points, how: str) -> None:
    assert pick(values, NAMES, how) in front(values)


@few
@given(
    points(3),
    st.sampled_from(EVERY),
    st.tuples(*[st.tuples(st.sampled_from([0.125, 1.0, 64.0]), st.integers(-9, 9))] * 3),
)
def test_units_do_not_matter(values: Points, how: str, units: Any) -> None:
    """An objective in another unit, from another zero; by powers of two, so that nothing rounds."""
    other = [
        tuple(number * scale + shift for number, (scale, shift) in zip(value, units, strict=True))
        for value in values
    ]
    assert pick(other, NAMES, how) == pick(values, NAMES, how)


@few
@given(points(2))
def test_the_knee_is_farthest_above_the_line_through_both_ends(values: Points) -> None:
    """By the distance of a point from a line; the first of equals."""
    best = front(values)
    (low, high), (left, right) = (
        (min(column), max(column)) for column in zip(*(values[at] for at in best), strict=True)
    )
    scaled = {}
    for at in best:
        a, b = values[at]
        scaled[at] = ((a - low) / ((high - low) or 1), (b - left) / ((right - left) or 1))
    start = min(scaled.values())  # the best by the second, then by the first
    end = max(scaled.values())
    run, rise = end[0] - start[0], end[1] - start[1]

    def above(point: tuple[float, float]) -> float:
        length = (run**2 + rise**2) ** 0.5
        return (run * (point[1] - start[1]) - rise * (point[0] - start[0])) / (length or 1)

    farthest = max(map(above, scaled.values()))
    chosen = pick(values, NAMES[:2], "knee")
    assert above(scaled[chosen]) == pytest.approx(farthest, abs=1e-12)


def test_each_way_to_pick() -> None:
    """A front of four, one that is beaten, and one that equals another."""
    values = [(0.0, 1.0, 0.0), (0.7, 0.7, 0.0), (1.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.7, 0.7, 0.0)]
    assert front(values) == [0, 1, 2, 4]
    assert pick(values, NAMES, "knee") == 1
    assert pick(values, NAMES, A) == 2
    assert pick(values, NAMES, B) == 0
    assert pick(values, NAMES, "turnover") == 0  # all are equal
    assert pick(values, NAMES, f"weights:{A}=1,{B}=3") == 0
    assert pick(values, NAMES, f"weights:{A}=1, {B}=2") == 1
    assert pick([(3.0,), (5.0,), (5.0,)], NAMES[:1], "knee") == 1


def test_with_three_objectives_the_knee_is_above_the_plane_through_the_corners() -> None:
    """The best by two of three is farther from it than what is even and low."""
    corners = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
    assert pick([*corners, (0.4, 0.4, 0.4), (0.75, 0.75, 0.0)], NAMES, "knee") == 4
    assert pick([*corners, (0.6, 0.6, 0.6), (0.75, 0.75, 0.0)], NAMES, "knee") == 3


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("kne", "'kne' is no objective (did you mean 'knee'?); expected knee, validation.calmar, "),
        ("test.turnove", "is no objective (did you mean 'test.turnover'?); expected"),
        ("calmar", "'calmar' is the metric of validation.calmar and test.calmar; name one"),
        ("", "'' is no objective; expected knee, validation.calmar, test.calmar, test.turnover or"),
        ("weights:", "'' of 'weights:' is not NAME=WEIGHT; expected knee"),
        ("weights:turnover", "'turnover' of 'weights:turnover' is not NAME=WEIGHT"),
        ("weights:turnovr=1", "'turnovr' is no objective (did you mean 'turnover'?)"),
        ("weights:turnover=x", "'x' of 'weights:turnover=x' is not a finite number of at least 0"),
        ("weights:turnover=-1", "'-1' of 'weights:turnover=-1' is not a finite number"),
        ("weights:turnover=inf", "'inf' of 'weights:turnover=inf' is not a finite number"),
        ("weights:turnover=0", "'weights:turnover=0' has no weight above 0"),
        ("weights:turnover=1,test.turnover=1", "has two weights of test.turnover"),
    ],
)
def test_what_cannot_be_picked_is_one_line(how: str, says: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        pick([(1.0, 2.0, 3.0)], NAMES, how)
    assert says in str(refused.value)
    assert str(refused.value).startswith("pick: ") and "\n" not in str(refused.value)


def test_nothing_to_pick_from() -> None:
    with pytest.raises(ArgumentError, match="no trial has finished within its limits"):
        pick([], NAMES, "knee")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_a_defect(number: float) -> None:
    """The score of such a trial is none, so it must not get here."""
    with pytest.raises(ValueError, match="not finite"):
        front([(1.0, 2.0), (number, 0.0)])
