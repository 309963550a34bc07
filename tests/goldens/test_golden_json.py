"""The keys of every command's JSON and their types, of success and of each kind of failure."""

import re
from pathlib import Path

import pytest
import toy
from goldens import JSON_KEYS, load
from played import keys_changed, played
from scenes import SCENES

SHAPED = [name for name, scene in SCENES.items() if not scene.numbers]
COMMANDS = [command for scene in SCENES.values() for command in scene.commands]
EXIT_CODES = {0, 1, 2, 3, 4, 5, 130, 143}


@pytest.mark.parametrize("name", SHAPED)
def test_json_has_the_keys_it_always_had(name: str, tmp_path: Path) -> None:
    """The message names command and key. Those of stored results are in their own tests."""
    changed = keys_changed(name, played(SCENES[name], tmp_path))
    assert not changed, "\n".join(changed)


def test_every_command_and_verb_that_help_lists_is_pinned(bare: Path) -> None:
    """So that a new one is not forgotten."""
    names = re.findall(r"^  (\w+) {2,}", toy.call("--help", folder=bare).out, re.MULTILINE)
    assert len(names) >= 10, names
    for name in list(names):
        page = re.sub(r",\n +", ", ", toy.call(name, "--help", folder=bare).out)
        for verbs in re.findall(r"^  one of: (.*)$", page, re.MULTILINE):
            names += [f"{name} {verb}" for verb in verbs.split(", ")]
    pinned = {" ".join(command.split()[:count]) for command in COMMANDS for count in (1, 2)}
    missing = [name for name in names if name not in pinned]
    cure = "add it to tests/goldens/scenes.py, then run `make goldens`"
    assert not missing, f"qsim {missing[0]} --json is pinned nowhere; {cure}"


def test_the_golden_holds_what_is_played_and_every_exit_code() -> None:
    """No command that was pinned is dropped in silence."""
    golden = load(JSON_KEYS)["scenes"]
    left = [command for name in golden for command in golden[name] if command not in COMMANDS]
    assert not left, f"qsim {left[0]} --json was pinned and is played no more"
    assert {each["exit"] for scene in golden.values() for each in scene.values()} == EXIT_CODES
