"""``make goldens``: write down the fingerprints and JSON keys of this tree, and say what changed.

What is under ``stored/`` is never written here: only version 9274b26 could (``stored/README.md``).
"""

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from compiling import QUICKLY

os.environ.setdefault("XLA_FLAGS", QUICKLY)  # before anything imports JAX

from compositions import command_lines, composed, identity, names
from defaults import declared, unlawful
from goldens import (
    DEFAULTS,
    FINGERPRINTS,
    IDENTITIES,
    JSON_KEYS,
    Flat,
    changes,
    flat,
    load,
    text,
    unlike,
)
from played import played, shaped
from scene import USER_FILES
from scenes import SCENES


def fingerprints(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names of all command lines, and the settings that they are digests of."""
    named: dict[str, str] = {}
    commands: dict[str, Flat] = {}
    changed: dict[str, Any] = {}
    shown: dict[str, Flat] = {}
    for line in sorted(command_lines(), key=lambda one: " " in one):  # bare commands come first
        plan = composed(line, folder)
        named |= names(line, plan)
        command, *_, last = line.split(" ") * 2
        own = flat(identity(plan))
        if command == line:
            commands[line] = own
        elif change := _apart(commands.get(command, {}), own):
            changed[line] = change
        if command in (line, "config"):
            shown[line] = flat(composed(shlex.join(["config", "show", last]), folder)["config"])
    return named, {"commands": commands, "changes": changed, "composed": shown}


def _apart(base: Flat, own: Flat) -> dict[str, Any]:
    """What a command line changes of its command's settings."""
    added = {key: own[key] for key in own if key not in base or unlike(base[key], own[key])}
    change = {"with": added, "without": sorted(base.keys() - own.keys())}
    return {key: value for key, value in change.items() if value}


def json_keys() -> dict[str, Any]:
    """The key trees of every scene; those that are alike are written once."""
    scenes: dict[str, Any] = {}
    tables: dict[str, list[str]] = {}
    shapes: dict[str, Any] = {}
    for name, scene in SCENES.items():
        with tempfile.TemporaryDirectory() as folder:
            scenes[name], own = shaped(played(scene, Path(folder)))
        for command, each in scenes[name].items():
            own_name = f"{command} ({name})" if command in shapes else command
            own_name = "a failure" if "error" in each["json"] else own_name
            alike = (first for first, other in shapes.items() if other == each["json"])
            first = next(alike, own_name)
            shapes[first] = each["json"]
            each["json"] = first
        for leaf, sets in own.items():
            (table,) = sets  # all of one kind have the same names
            assert tables.setdefault(leaf, sorted(table)) == sorted(table)
    return {"tables": tables, "shapes": shapes, "scenes": scenes}


def write(path: Path, tree: dict[str, Any]) -> None:
    """Write a golden file; print what changed in it."""
    old = load(path) if path.exists() else {}
    lines = changes(flat(old), flat(tree))
    path.write_text(text(tree), "utf-8")
    print(f"{path.name}: {len(lines) or 'no'} change{'s' * (len(lines) != 1)}")
    for line in lines:
        print(f"  {line}")


def defaults() -> dict[str, Any]:
    """Those of this tree; what breaks the laws of their change is said, and nothing is written."""
    tree = declared()
    if DEFAULTS.exists() and (wrong := unlawful(load(DEFAULTS), tree)):
        sys.exit("\n".join(wrong))
    return tree


if __name__ == "__main__":
    write(DEFAULTS, defaults())
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(USER_FILES / "mine.py", place)
        all_names, identities = fingerprints(Path(place))
    write(FINGERPRINTS, all_names)
    write(IDENTITIES, identities)
    write(JSON_KEYS, json_keys())
