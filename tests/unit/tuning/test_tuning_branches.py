"""Spaces with branches, and points of grids."""

from typing import Any

import pytest

from quantamm_cli.errors import ConfigError
from quantamm_cli.tuning.branches import read_space
from quantamm_cli.tuning.nested import nested
from quantamm_cli.tuning.points import grid, grid_values
from quantamm_cli.tuning.space import Choices, Declared, Range, Spec, setting_of

RULES = {
    "choices": {
        "a": {"params.x": "declared", "params": {"y": [1, 2]}},
        "b": {"params.x": [3, 4], "params/y": [1, 2]},
        "c": None,
    }
}


def read(tree: Any) -> dict[str, Spec]:
    return read_space(nested(tree, "space"))


def test_a_setting_has_a_name_for_each_of_its_ranges() -> None:
    assert read({"pool/rule": RULES}) == {
        "pool.rule": Choices(("a", "b", "c")),
        "params.x@a": Declared((("pool.rule", ("a",)),)),
        "params.x@b": Range(3, 4, when=(("pool.rule", ("b",)),)),
        "params.y": Range(1, 2, when=(("pool.rule", ("a", "b")),)),
    }


def test_branches_lie_within_branches() -> None:
    space = read(
        {
            "n": {
                "choices": {1: {}, 4: {"joined": {"choices": {"soft": {"t": [1, 2]}, "min": {}}}}}
            },
            "t": [5, 6],
        }
    )
    assert space["joined"] == Choices(("soft", "min"), (("n", (4,)),))
    assert space["t@4.soft"] == Range(1, 2, when=(("n", (4,)), ("joined", ("soft",))))
    assert space["t"] == Range(5, 6)
    assert list(map(setting_of, space)).count("t") == 2


def test_choices_replace_branches_and_a_dotted_choice_changes_one() -> None:
    from omegaconf import OmegaConf

    def merged(*spaces: Any) -> dict[str, Spec]:
        trees = [nested(space, "space") for space in ({"rule": RULES}, *spaces)]
        return read_space(OmegaConf.to_container(OmegaConf.merge(*trees)))  # type: ignore[arg-type]

    assert merged({"rule.choices": {"b": {"params.y": [1, 9]}}}) == {
        "rule": Choices(("b",)),
        "params.y": Range(1, 9, when=(("rule", ("b",)),)),
    }
    assert merged({"rule": ["a", "b"]}) == {"rule": Choices(("a", "b"))}
    assert merged({"rule.choices.b.params.x.high": 7})["params.x@b"] == Range(
        3, 7, when=(("rule", ("b",)),)
    )
    assert "params.x@a" not in merged({"rule.choices.a.params.x": None})
    assert merged({"rule.choices.c": {"params.z": [0, 1]}})["params.z"] == Range(
        0, 1, when=(("rule", ("c",)),)
    )


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ({"a": {"choices": {"x": {"b": [2, 1]}}}}, "space.a.choices.x.b: low (2) is not below"),
        ({"a": {"choices": {"x": {"b": 3}}}}, "space.a.choices.x.b: 3 is neither a range"),
        ({"a": {"choices": {}}}, "has nothing to choose from"),
        (
            {"a": ["x"], "a.choices.y.b": [1, 2]},
            "space.a.choices.y: is not among the choices (did you mean 'x'?)",
        ),
        ({"a.choices.y.b": [1, 2]}, "space.a: has no choices yet"),
        (
            {"a": {"choices": {"x": {"c": [1, 2]}}}, "b": {"choices": {"y": {"c": [1, 3]}}}},
            "space.a.choices.x.c: is searched at space.b.choices.y.c, too",
        ),
        ({"a": {"choices": {"x": {"a": ["x"]}}}}, "is searched under a choice of itself"),
        (
            {"a": {"choices": {"x": {"b": ["y"]}}}, "b": {"choices": {"y": {"a": ["x"]}}}},
            "is searched under a choice of itself",
        ),
    ],
)
def test_what_is_no_branch_is_refused(written: Any, error: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(written)
    assert error in str(refused.value)


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (Range(0, 1), [0, 0.5, 1]),
        (Range(0.001, 10, True), [0.001, pytest.approx(0.1), 10]),
        (Range(0, 0.9, False, 0.3), [0, 0.3, 0.6, 0.9]),
        (Range(1, 2, integer=True), [1, 2]),
        (Range(1, 100, True, integer=True), [1, 10, 100]),
        (Range(1, 9, False, 2, True), [1, 3, 5, 7, 9]),
        (Range(4, 6, integer=True), [4, 5, 6]),
        (Choices(("a", None)), ["a", None]),
    ],
)
def test_the_values_of_a_grid(spec: Any, values: list[Any]) -> None:
    found = grid_values(spec, 3)
    assert found == values
    assert list(map(type, found)) == list(map(type, grid_values(spec, 3)))
    assert all(spec.holds(value) for value in found)
    middle = grid_values(Range(0.01, 1, True), 1)
    assert middle == [pytest.approx(0.1)]


def test_a_grid_follows_what_a_point_has() -> None:
    """Like an odometer, for any function that asks for values."""

    def draw(attempt: Any) -> None:
        if attempt.suggest("a", Choices((1, 2, 3))) == 2:
            attempt.suggest("b", Choices(("x", "y")))
        attempt.suggest("c", Choices((True, False)))

    expected = [
        {"a": a, **({"b": b} if b else {}), "c": c}
        for a in (1, 2, 3)
        for b in (("x", "y") if a == 2 else (None,))
        for c in (True, False)
    ]
    assert list(grid(draw, 5)) == expected
    assert list(grid(lambda attempt: None, 5)) == [{}]
