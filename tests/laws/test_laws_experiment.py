"""Every named experiment runs under its command, is the same run each time, and says what it is."""

import json
import re
from pathlib import Path

import pytest
import toy
from kinds import components, source

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.core.params import trainable
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.run import Simulate, Train

GROUP = "experiment"
experiments = pytest.mark.parametrize("name", components(GROUP))


def words(name: str) -> tuple[str, ...]:
    """The experiment, and a folder where it wants one."""
    return (f"conf={name}", *(("data.dir=.",) if "data.dir" in source(GROUP, name) else ()))


@experiments
@pytest.mark.parametrize(("command", "cls"), [("train", Train), ("simulate", Simulate)])
def test_it_is_a_run_of_one_name(name: str, command: str, cls: type[Simulate]) -> None:
    """It composes under both commands and names the same run each time; a change names another."""
    once, again = (
        read_settings(cls, Composer(command, words(name)).tree()).fingerprint for _ in range(2)
    )
    assert once == again
    changed = read_settings(cls, Composer(command, (*words(name), "initial_pool_value=7.0")).tree())
    assert changed.fingerprint != once


@experiments
def test_a_dry_run_touches_nothing(name: str, tmp_path: Path) -> None:
    """It prints the fingerprint of its settings and leaves the folder as it is."""
    settings = read_settings(Train, Composer("train", words(name)).tree())
    trains = trainable(AbstractPool.typed(settings.pool).parameters(len(settings.tokens)))
    answer = toy.call("train", *words(name), "--dry-run", "--json", folder=tmp_path)
    if trains and "data.dir" in " ".join(words(name)):
        answer.one_line(3, "does not exist")
    elif trains:
        assert answer.code == 0, answer.err
        assert json.loads(answer.out)["fingerprint"] == settings.fingerprint
    else:
        answer.one_line(2, "has nothing to train; use qsim simulate")
    assert list(tmp_path.iterdir()) == []


@experiments
def test_it_says_what_it_is(name: str) -> None:
    """Its first line is the command, the second what it is; ``show`` has both."""
    lines = source(GROUP, name).splitlines()
    assert re.match(rf"# qsim (train|simulate) conf={name}\b", lines[0])
    assert re.match(r"# \S.{10,}", lines[1])
