"""Every folder of conf/ has the laws of its kind, and every YAML in it is a case of them by being there."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kinds import CONF, components

HERE = Path(__file__).parent
FOLDERS = sorted({str(path.parent.relative_to(CONF)) for path in CONF.rglob("*/*.yaml")})


def laws() -> dict[str, str]:
    """The module of laws of each group: the one that says ``GROUP = ...``."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("test_laws_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GROUP":
                found[ast.literal_eval(node.value)] = path.stem
    return found


def names(value: Any) -> Iterator[str]:
    """Every text in what a test is parametrised by."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from names(each)


def cases(module: ModuleType) -> dict[str, set[str]]:
    """What each test of a module is tried with."""
    return {
        name: {text for mark in function.pytestmark for text in names(mark.args[1:])}
        for name, function in vars(module).items()
        if name.startswith("test_") and hasattr(function, "pytestmark")
    }


def test_every_folder_of_conf_has_laws() -> None:
    """And no laws are of a folder that is gone."""
    assert sorted(laws()) == FOLDERS


@pytest.mark.parametrize("group", FOLDERS)
def test_every_yaml_is_tried_by_the_laws_of_its_kind(group: str) -> None:
    """At least two of them try every YAML of the folder."""
    found = cases(importlib.import_module(laws()[group]))
    there = set(components(group))
    assert there
    assert sum(there <= each for each in found.values()) >= 2, found.keys()
