"""The structure of the package: no circles, rooms of bounded size, other projects' insides in one place."""

import re
from pathlib import Path

from figures import circles, counts, imports, modules, rooms

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
    assert sizes["cli"] <= 0.08 * total, f"cli has {sizes['cli'] / total:.1%}; what a command does belongs into workflows"
    assert max(sizes.values()) <= 0.20 * total, f"{next(iter(sizes))} has {max(sizes.values()) / total:.1%}; it is more than one idea"


def test_values_have_types(root: Path) -> None:
    """A result is a class with fields, a stored document a TypedDict, an arbitrary tree ``settings.json_tree.Json``."""
    found = counts(root)
    assert found["dict[str, Any]"] <= 20, found
    assert found["dict[str, Any]"] + found["its aliases"] <= 60, found
    assert found["assert isinstance"] <= 5, found
    assert found["type: ignore"] <= 10, found


def test_only_config_uses_what_hydra_does_not_promise(root: Path) -> None:
    """Private modules of Hydra and OmegaConf may change with any release."""
    used = {name: PRIVATE.findall(path.read_text()) for name, path in modules(root).items()}
    outside = {name: found for name, found in used.items() if found and not name.startswith("quantamm_cli.config")}
    assert outside == {}
    assert sum(map(len, used.values())) > 0, "nothing is found; has the pattern grown old?"
