"""Every YAML and every kind of run has the name it always had: stored results are found again."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from compositions import command_lines, composed, digest, identity, names
from goldens import FINGERPRINTS, IDENTITIES, INTENDED, changes, flat, load

LINES = command_lines()
SHOWN = [line for line in LINES if line in load(IDENTITIES)["composed"]]
RENAMES = (
    "A changed default or definition renames stored runs: give it a new `meaning`, or leave a new"
    f" field out of the digest while it is at its default. {INTENDED}"
)


def pinned(line: str) -> dict[str, Any]:
    """The identity of a command line: that of its command, with what its words change."""
    golden = load(IDENTITIES)
    change = golden["changes"].get(line, {})
    base: dict[str, Any] = golden["commands"].get(line.split(" ")[0], {})
    gone = change.get("without", ())
    return {key: value for key, value in base.items() if key not in gone} | change.get("with", {})


@pytest.mark.parametrize("line", LINES, ids=LINES)
def test_a_run_has_the_name_it_always_had(line: str, bare: Path) -> None:
    """The message names the setting that renames it. A name is the digest of the settings."""
    plan = composed(line, bare)
    now, was = names(line, plan), load(FINGERPRINTS)
    missing = [name for name in now if name not in was]
    assert not missing, f"`qsim {missing[0]}` has no golden fingerprint; run `make goldens`"
    settings = flat(identity(plan))
    why = "; ".join(changes(pinned(line), settings)) or "no setting that is shown changed"
    for name in now:
        assert now[name] == was[name], f"{why}: `qsim {name}` is now {now[name]}. {RENAMES}"
    assert settings == pinned(line), f"{why}: in `qsim {line}`. {RENAMES}"
    if {"settings", "fingerprint"} <= plan.keys():
        assert digest(plan["settings"]) == plan["fingerprint"]


@pytest.mark.parametrize("line", SHOWN)
def test_the_settings_of_a_command_are_what_they_were(line: str, bare: Path) -> None:
    """Those that name nothing, too: folders, what is written down, how often is tried."""
    words = ["config", "show", line.split(" ")[-1]]
    now = flat(composed(shlex.join(words), bare)["config"])
    why = "; ".join(changes(load(IDENTITIES)["composed"][line], now))
    assert not why, f"qsim {shlex.join(words)}: {why}. {INTENDED}"


def test_no_golden_is_left_of_what_is_gone() -> None:
    """A YAML that goes away takes the runs that it names with it."""
    left = sorted({name.split(" | ")[0] for name in load(FINGERPRINTS)} - set(LINES))
    gone = "is pinned, but its YAML is gone: stored runs of it open no more"
    assert not left, f"`qsim {left[0]}` {gone}. {INTENDED}"
