"""Every YAML composes, validates, lists every setting with its default and says what it means."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from kinds import CONF, assets_of, build, components, source, tree, yaml_of
from user_plugins import DECLARED

from quantamm_cli.config.competition import read_competition
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings, read_study
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.run import Simulate, Train

FOLDERS = sorted({str(path.parent.relative_to(CONF)) for path in CONF.rglob("*/*.yaml")})
GROUPS = [group for group in FOLDERS if group not in ("experiment", "space", "strategy", "study")]
"""Folders of components.

Experiments, spaces and presets of studies are none; a strategy's YAML may be another with settings
(its own laws).
"""
ALL = [(group, name) for group in GROUPS for name in components(group)]
ALL = [(group, name) for group, name in ALL if yaml_of(group, name).is_file()]
NEEDS = {
    "fees=recorded": ("fees.file=fees.csv",),
    "data=csv": ("data.dir=.",),
    "data=parquet": ("data.dir=.",),
    "data=memory": ("data.sha256=of-no-market",),
    "pool=given": ("data.series.weights=weights.csv",),
    "practice=supplied": ("practice.dirs=[.]",),
    "trades=recorded": ("trades.file=trades.csv",),
}
COMMANDS = {"market": "compete", "study": "tune"}
"""The command that a group belongs to, if it is not ``train``."""
INSIDE = ("rule", "guard", "base", "parent")
"""Settings that are components themselves."""
ELSEWHERE = {("market", "history"): {"data"}}
"""Fields that are chosen at the top: ``data=``."""
SYNTHETIC = build("data", "synthetic")
every = pytest.mark.parametrize(
    ("group", "name"), ALL, ids=[f"{group}={name}" for group, name in ALL]
)
OURS = [(group, name) for group, name in ALL if name not in DECLARED.get(group, ())]
ours = pytest.mark.parametrize(
    ("group", "name"), OURS, ids=[f"{group}={name}" for group, name in OURS]
)
COMPOSED = [
    (group, name)
    for group, name in ALL
    if group != "metric" or name in ("calmar", "daily_var_95%_trad", *DECLARED.get(group, ()))
]
"""Metrics are written alike, and composing takes its time: two speak for all."""


@pytest.mark.parametrize(
    ("group", "name"), COMPOSED, ids=[f"{group}={name}" for group, name in COMPOSED]
)
def test_it_composes_and_validates(group: str, name: str) -> None:
    """Chosen on the command line of ``train``, it becomes the component registered under its name.
    Chosen on the command line of ``train``, it becomes the component registered under its name."""
    choice, command = f"{group}={name}", COMMANDS.get(group.partition("/")[0], "train")
    pair = group == "pool" and assets_of(build(group, name)) == 2
    words = (choice, *NEEDS.get(choice, ()), *(("tokens=[BTC,ETH]",) if pair else ()))
    folder = DECLARED.get(group, {}).get(name)
    config_dir = None if folder is None else str(folder)
    composed = Composer(command, words, config_dir).tree()
    found: Any
    if command == "compete":
        found = read_competition(composed, words, config_dir)
    elif command == "tune":
        found = SimpleNamespace(study=read_study(composed))
    else:
        found = read_settings(Train, composed)
    for part in group.split("/"):
        found = getattr(found, part)
    assert (found.group, found.kind) == (group, name)
    assert type(found) is REGISTER[group][name]


@every
def test_its_keys_are_the_fields(group: str, name: str) -> None:
    """None missing, so that all can be overridden without a plus; none too many."""
    fields = set(REGISTER[group][name].model_fields) - ELSEWHERE.get((group, name), set())
    assert set(tree(group, name)) == fields | {"kind"}


@every
def test_its_values_are_the_defaults(group: str, name: str) -> None:
    """What the YAML says is what the class says, to the type."""
    found = build(group, name, **dict.fromkeys(ELSEWHERE.get((group, name), ()), SYNTHETIC))
    for key, field in type(found).model_fields.items():
        value = getattr(found, key)
        if not isinstance(value, Component):
            assert not field.is_required(), key
            default = field.get_default(call_default_factory=True)
            assert value == default, key
            assert type(value) is type(default), key


@ours
def test_every_key_has_a_comment(group: str, name: str) -> None:
    """Its unit or its meaning; the file begins with what it is."""
    lines = source(group, name).splitlines()
    assert re.match(r"# \S.{3,}", lines[0])
    keys = [line for line in lines if re.match(r"(?!kind:|defaults:)\w+:", line)]
    values = tree(group, name)
    inside = {key for key in INSIDE if isinstance(values.get(key), dict)}
    assert len(keys) == len(values.keys() - {"kind"} - inside)
    for line in keys:
        assert re.search(r"\s# \S.{2,}", line), line


@ours
def test_every_field_is_described(group: str, name: str) -> None:
    """What ``show`` and the messages print."""
    for key, field in REGISTER[group][name].model_fields.items():
        assert field.description or key in INSIDE, key


@pytest.mark.parametrize("group", GROUPS)
def test_every_component_has_its_yaml(group: str) -> None:
    """Nothing is registered by our own package that nobody can choose."""
    ours = {
        kind for kind, cls in REGISTER[group].items() if cls.__module__.startswith("quantamm_cli.")
    }
    assert ours == set(components(group)) - DECLARED.get(group, {}).keys()


@pytest.mark.parametrize("command", ["train", "simulate", "evaluate"])
def test_every_command_composes_without_a_word(command: str) -> None:
    """And ``evaluate`` of the same words names the run of ``train``."""
    cls = Simulate if command == "simulate" else Train
    settings = read_settings(cls, Composer(command).tree())
    if command != "simulate":
        assert settings.fingerprint == read_settings(Train, Composer("train").tree()).fingerprint


def test_the_yaml_of_this_project_is_the_one_composed() -> None:
    """Nothing else is on the search path before it."""
    assert (CONF / "train.yaml").is_file()
    assert Composer("train").tree()["pool"]["kind"] == "temporal"
