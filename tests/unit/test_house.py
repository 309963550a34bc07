"""The structure of the package: no circles, rooms of bounded size,
other projects' insides in one place.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

from figures import circles, counts, densities, imports, modules, private_words, rooms

PRIVATE = re.compile(r"^\s*(?:from|import) ((?:hydra|omegaconf)[\w.]*\._\w+[\w.]*)", re.MULTILINE)


def test_no_modules_import_each_other_in_a_circle(root: Path) -> None:
    """Imports inside functions count: they hide a circle and do not open it."""
    assert circles(imports(root)) == []


def test_a_circle_would_be_found() -> None:
    """Of any length, with what leads into it left out."""
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert circles(edges) == [["b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == [["a", "b", "c"]]


def test_rooms_keep_their_size(root: Path) -> None:
    """The command line is words and printing: at most 8 % of the lines; no room is above 20 %."""
    sizes = rooms(root)
    total = sum(sizes.values())
    assert sizes["cli"] <= 0.08 * total, (
        f"cli has {sizes['cli'] / total:.1%}; what a command does belongs into workflows"
    )
    assert max(sizes.values()) <= 0.20 * total, (
        f"{next(iter(sizes))} has {max(sizes.values()) / total:.1%}; it is more than one idea"
    )


def test_values_have_types(root: Path) -> None:
    """A result is a class with fields, a stored document a TypedDict, an arbitrary tree
    ``settings.json_tree.Json``.
    """
    figures = counts(root)
    assert figures["dict[str, Any]"] <= 20, figures
    assert figures["dict[str, Any]"] + figures["its aliases"] <= 60, figures
    assert figures["assert isinstance"] <= 5, figures
    assert figures["type: ignore"] <= 10, figures


def test_steps_have_names(root: Path) -> None:
    """A comprehension in another, a condition inside a call: a reader unfolds them in the head."""
    figures = densities(root)
    assert figures["comprehensions"] <= 25, figures
    assert figures["conditional expressions"] <= 12, figures


def test_names_say_what_a_value_is(root: Path) -> None:
    """Not ``told`` but ``message``, not ``found`` but ``runs``, not ``given`` but ``settings``."""
    trees = {path: ast.parse(path.read_text()) for path in modules(root).values()}
    places = [
        f"{path.relative_to(root)}:{line}: {name}"
        for path, tree in trees.items()
        for line, name in private_words(tree)
    ]
    assert not places, f"{len(places)} names do not say what they name:\n" + "\n".join(places)


def test_a_private_word_would_be_refused() -> None:
    """Wherever a name is bound; a use, a text and a compound are none of it."""
    source = """
import a as told
def found(said, *given, **seen):
    _heard = kept = lambda told: told.found["said"]
    self.kept: int = given_away
    try:
        for seen in given: ...
    except Error as found:
        match told:
            case [*said]: ...
class Kept: ...
"""
    words = [name for _, name in sorted(private_words(ast.parse(source)))]
    assert words == [
        *("told", "found", "given", "said", "seen"),
        *("_heard", "kept", "told", "kept", "seen", "found", "said"),
    ]


def test_only_config_uses_what_hydra_does_not_promise(root: Path) -> None:
    """Private modules of Hydra and OmegaConf may change with any release."""
    used = {name: PRIVATE.findall(path.read_text()) for name, path in modules(root).items()}
    outside = {
        name: imported
        for name, imported in used.items()
        if imported and not name.startswith("quantamm_cli.config")
    }
    assert outside == {}
    assert sum(map(len, used.values())) > 0, "nothing is found; has the pattern grown old?"


def test_what_is_imported_is_declared(root: Path) -> None:
    """A library that another one happens to bring may leave with its next release."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=!~\[ ]", line)[0].lower() for line in project["dependencies"]}
    named = {"yaml": "pyyaml", "hydra": "hydra-core"}
    trees = [ast.parse(path.read_text()) for path in modules(root).values()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    used = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    used |= {
        str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0
    }
    packages = (
        {name.partition(".")[0] for name in used} - set(sys.stdlib_module_names) - {"quantamm_cli"}
    )
    assert {named.get(name, name.replace("_", "-")) for name in packages} - declared == set()
