"""How spaces are written, merged and refused."""

from typing import Any

import pytest

from quantamm_cli.errors import ConfigError
from quantamm_cli.tuning.branches import read_space
from quantamm_cli.tuning.nested import nested
from quantamm_cli.tuning.space import Choices, Declared, Range, Spec


def read(tree: Any) -> dict[str, Spec]:
    return read_space(nested(tree, "space"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ([0.001, 1, "log"], Range(0.001, 1, True)),
        ([1, 5], Range(1, 5)),
        ([1, 5, "int", "log"], Range(1, 5, True, None, True)),
        ([1, 5, "float"], Range(1, 5, False, None, False)),
        ({"low": 1, "high": 5, "step": 2, "type": "int"}, Range(1, 5, False, 2, True)),
        ({"low": 0, "high": 1, "step": 0.3}, Range(0, 0.9, False, 0.3)),
        (["adam", "sgd"], Choices(("adam", "sgd"))),
        ({"choices": [4, None, [1, 2]]}, Choices((4, None, [1, 2]))),
        ("declared", Declared()),
    ],
)
def test_a_specification_has_several_forms(written: Any, meant: Spec) -> None:
    assert read({"fit.steps": written}) == {"fit.steps": meant}
    assert read({"fit": {"steps": written}}) == {"fit.steps": meant}


def test_groups_and_their_settings_live_in_one_space() -> None:
    space = read(
        {
            "fit": ["adam", "sgd"],
            "fit.steps": [1, 5],
            "pool/rule": ["a", "b"],
            "params": {"k": None},
        }
    )
    assert space == {
        "fit": Choices(("adam", "sgd")),
        "fit.steps": Range(1, 5),
        "pool.rule": Choices(("a", "b")),
    }


def test_a_short_form_is_complete_and_a_field_is_a_change() -> None:
    from omegaconf import OmegaConf

    def merged(*spaces: Any) -> dict[str, Spec]:
        return read_space(
            OmegaConf.to_container(OmegaConf.merge(*(nested(space, "space") for space in spaces)))
        )  # type: ignore[arg-type]

    old = {"x.a": {"low": 1, "high": 2, "log": True}, "x.b": [1, 2]}
    assert merged(old, {"x.a": [3, 4]})["x.a"] == Range(3, 4)
    assert merged(old, {"x.a": {"choices": [7]}})["x.a"] == Choices((7,))
    assert merged(old, {"x.a": {"low": 0.5, "high": 9}})["x.a"] == Range(0.5, 9)
    assert merged(old, {"x.a.high": 9})["x.a"] == Range(1, 9, True)
    assert merged(old, {"x": {"a": None}}) == {"x.b": Range(1, 2)}
    assert merged(old, {"x": ["p", "q"]}) == read(old) | {"x": Choices(("p", "q"))}


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ([2, 1], "space.a.b: low (2) is not below high (1)"),
        ([1, 1], "low (1) is not below high (1)"),
        ([0, 1, "log"], "low (0) is not above 0, which log needs"),
        ([1, 2, 3], "neither [low, high] with log, int or float after it nor names"),
        ([1, 2, "lgo"], "neither [low, high]"),
        ([], "neither [low, high]"),
        ([1, float("nan")], "neither [low, high]"),
        ({"choices": []}, "has nothing to choose from"),
        ({"choices": 3}, "3 has nothing to choose from"),
        ({"choices": [1, 1]}, "1 is among the choices twice"),
        ({"choices": [float("inf")]}, "not finite"),
        ({"low": 1}, "a range without high"),
        ({"low": "a", "high": 2}, "low is a, not a finite number"),
        ({"low": 1, "high": 2, "log": 1}, "space.a.b.log: 1 is not true or false"),
        ({"low": 1, "high": 2, "type": "whole"}, "space.a.b.type: whole is not int or float"),
        ({"low": 1, "high": 2, "step": 0}, "space.a.b.step: 0 is not a number above 0"),
        ({"low": 1, "high": 2, "step": 1, "log": True}, "log and step cannot be combined"),
        (
            {"low": 1.5, "high": 2.5, "type": "int"},
            "low, high and step of type int are not all whole",
        ),
        (
            {"lo": 1, "high": 2},
            (
                "space.a.b.lo: 1 is neither a range such as [0.001, 1, log] nor choices (did you "
                "mean 'low' or 'log'?)"
            ),
        ),
        (0.5, "space.a.b: 0.5 is neither a range"),
    ],
)
def test_what_cannot_be_searched_is_refused(written: Any, error: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read({"a.b": written})
    assert error in str(refused.value)


def test_a_range_knows_what_it_holds() -> None:
    assert Range(1, 5, integer=True).holds(3)
    assert not Range(1, 5, integer=True).holds(3.5)
    assert not Range(1, 5).holds(6)
    assert not Range(1, 5).holds(True)
    assert Range(0, 0.9, False, 0.3).holds(0.6)
    assert not Range(0, 0.9, False, 0.3).holds(0.5)
    assert Choices((4, [1, 2])).holds([1, 2])
    assert not Choices((4, [1, 2])).holds("4")
