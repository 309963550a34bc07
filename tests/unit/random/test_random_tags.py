"""Streams of random numbers do not meet."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from figures import modules

from quantamm_cli.random import tags

GENERATORS = re.compile(
    r"(?:numpy\.random|jax\.random|random|secrets|(?:.*\.)?optuna\.samplers)\.(?!Generator$)\w+"
    r"|quantamm_cli\.random\.(?:noise\.(?!last_switch$)|pcg\.seeded$)\w*"
)
"""What begins a stream, or draws from one of the whole process. ``Generator`` wraps what does."""
REGISTER = "quantamm_cli.random.tags"
STEP = {
    "training.windows",
    "training.reinitialise",
    "training.noise",
    "training.cma_es",
    "training.optuna",
}
"""Whose keys have a step: they are other keys than those of a seed alone, whatever their tags."""


def begun(source: str) -> Iterator[tuple[str, bool]]:
    """The functions that begin a stream, once for each, and whether its key has a tag."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    within = {id(node): each.name for each in functions for node in ast.walk(each)}
    tagged: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _has_tag(node.value, names, tagged):
            tagged |= {each.id for each in node.targets if isinstance(each, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and GENERATORS.fullmatch(_whole(node.func, names)):
            yield (
                within.get(id(node), "the module"),
                any(_has_tag(each, names, tagged) for each in node.args),
            )


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of the file and what they stand for, written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                yield alias.asname or top, alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _whole(node: ast.AST, names: dict[str, str]) -> str:
    """A dotted name written out; "" unless it begins with something imported."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _whole(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _has_tag(value: ast.AST, names: dict[str, str], tagged: set[str]) -> bool:
    return any(
        _whole(node, names).startswith(f"{REGISTER}.")
        or (isinstance(node, ast.Name) and node.id in tagged)
        for node in ast.walk(value)
    )


@pytest.fixture(scope="module")
def streams(root: Path) -> dict[str, set[bool]]:
    """By function, whether what it begins is tagged. ``random`` makes generators for others."""
    found: dict[str, set[bool]] = {}
    for name, path in modules(root).items():
        place = name.removeprefix("quantamm_cli.")
        if not place.startswith("random."):
            for function, is_tagged in begun(path.read_text()):
                found.setdefault(f"{place}.{function}", set()).add(is_tagged)
    return found


def rows(root: Path) -> list[tuple[str, str, str]]:
    """Name, value and owner of each tag."""
    source = (root / "quantamm_cli/random/tags.py").read_text()
    found = re.findall(r'^([A-Z_]+) = (\S+.*)\n"""``([\w.]+)``', source, re.MULTILINE)
    assert {name for name, *_ in found} == {name for name in vars(tags) if name[0].isupper()} - {
        "UNTAGGED"
    }
    return found


def test_every_stream_has_a_tag_or_a_reason_for_none(streams: dict[str, set[bool]]) -> None:
    """In the register, which lists nothing that is not there."""
    untagged = {name for name, kinds in streams.items() if False in kinds}
    assert untagged == set(tags.UNTAGGED), "take a tag of random.tags, or give the reason there"


def test_every_tag_is_used_where_the_register_says(
    root: Path, streams: dict[str, set[bool]]
) -> None:
    users = {name.rpartition(".")[0] for name, kinds in streams.items() if True in kinds}
    assert users == {owner for *_, owner in rows(root)}


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("np.random.default_rng(seed)", [("f", False)]),
        ("np.random.Generator(np.random.PCG64([seed, 7]))", [("f", False)]),
        ("np.random.Generator(np.random.PCG64([seed, tags.MEMBERS]))", [("f", True)]),
        ("key = [seed, TAG]; PCG64(key)", [("f", True)]),
        ("np.random.normal()", [("f", False)]),
        ("jax.random.key(seed)", [("f", False)]),
        ("stdlib.Random(seed)", [("f", False)]),
        ("uniforms(3, 'prices', seed)", [("f", False)]),
        ("random.normal(size=3)", []),
    ],
)
def test_a_stream_would_be_found(line: str, answer: list[tuple[str, bool]]) -> None:
    """However its generator is imported; a generator that is passed on begins nothing."""
    head = """
import jax, random as stdlib
import numpy as np
from numpy.random import PCG64
from quantamm_cli.random import tags
from quantamm_cli.random.noise import uniforms
from quantamm_cli.random.tags import MEMBERS as TAG
"""
    assert list(begun(f"{head}def f(seed, random):\n    {line}")) == answer


def test_no_tag_serves_two_owners_of_one_kind(root: Path) -> None:
    """A seed with a step is another key than a seed alone, so the two kinds count apart."""
    owned = rows(root)
    for with_step in (True, False):
        values = [value for _, value, owner in owned if (owner in STEP) == with_step]
        assert len(values) == len(set(values)) >= 3
