"""A default or a definition changes with a new ``meaning`` only; a new setting renames nothing."""

import copy
from typing import Any

import pytest
from defaults import declared, unlawful
from goldens import DEFAULTS, INTENDED, load

ADAMW = "fit/adamw"


@pytest.fixture
def now() -> dict[str, Any]:
    return declared()


def test_settings_are_what_they_were_or_say_since_when(now: dict[str, Any]) -> None:
    """Beside the laws, the file itself is up to date."""
    was = load(DEFAULTS)
    assert not unlawful(was, now), "\n".join(unlawful(was, now))
    assert now == was, f"new or changed settings are not in {DEFAULTS.name}. {INTENDED}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda tree: tree["settings"]["steps"].update(default=7), "setting steps was"),
        (lambda tree: tree["settings"].update(clip={"default": 0}), "new setting clip needs"),
        (lambda tree: tree["settings"].update(clip={"since": 1}), "new setting clip needs"),
        (lambda tree: tree["settings"].pop("steps"), "setting steps is gone"),
        (lambda tree: tree["yaml"].update(steps=7), "its YAML has other defaults"),
        (lambda tree: tree.update(meaning=2), "has no line in CHANGES"),
        (lambda tree: tree.update(meaning=0), "its meaning fell"),
    ],
)
def test_what_would_rename_or_redefine_in_silence_is_refused(
    change: Any, says: str, now: dict[str, Any]
) -> None:
    changed = copy.deepcopy(now)
    change(changed[ADAMW])
    (line,) = unlawful(now, changed)
    assert line.startswith(ADAMW)
    assert says in line


def test_what_is_gone_is_named(now: dict[str, Any]) -> None:
    less = {where: tree for where, tree in now.items() if where != ADAMW}
    assert unlawful(now, less) == [f"{ADAMW} is gone: its stored runs open no more"]


def test_a_yaml_may_show_a_new_setting_at_its_default(now: dict[str, Any]) -> None:
    was = copy.deepcopy(now)
    del was["base"]["yaml"]["scoring"], was["base"]["settings"]["scoring"]
    assert unlawful(was, now) == []
    other = copy.deepcopy(now)
    other["base"]["yaml"]["scoring"]["riskless"] = 0.04
    (line,) = unlawful(was, other)
    assert line.startswith("base: its YAML has other defaults")
