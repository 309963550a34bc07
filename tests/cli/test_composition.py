"""Composition without Hydra's own settings gives what composition with them
does; mentions of them count.
"""

import json
from pathlib import Path

import pytest

from quantamm_cli.cli.commands.config import COMPOSED
from quantamm_cli.config.compose import Composer, resolved
from quantamm_cli.config.loader import Loader
from quantamm_cli.config.yaml_source import read_yaml
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.conf import packaged_conf

WORDS = {
    "train": ("conf=demo", "pool/rule=min_variance", "fit.steps=7", "params.k_per_day=[1,2]"),
    "simulate": ("fees=flat", "fees.fee=0.003", "start=${end}", "+extra=1"),
    "tune": ("space.fit.steps=[1,3]", "~fit.patience"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMPOSED)
def test_the_settings_are_those_of_a_full_composition(command: str, here: Path) -> None:
    """To the order of their keys, also after the same files and words were read before."""
    words = WORDS.get(command, ())
    full = json.dumps(resolved(Composer(command, words).compose()))
    assert [json.dumps(Composer(command, words).tree()) for _ in range(2)] == [full, full]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.yaml", "defaults:\n  - override /hydra/launcher: nonesuch\n"),
        (
            "conf/fees/mine.yaml",
            "defaults:\n  - /hydra/launcher: nonesuch\n  - _self_\nkind: none\n",
        ),
        ("conf/simulate.yaml", "{packaged}\nhydra:\n  jbo: 1\n"),
        ("conf/fees/mine.yaml", "# @package hydra\njbo: 1\n"),
    ],
)
def test_what_files_say_of_hydra_is_checked(name: str, text: str, here: Path) -> None:
    """As it is in a full composition."""
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("{packaged}", (packaged_conf() / "simulate.yaml").read_text()))
    words = {"mine.yaml": ("conf=mine.yaml",), "conf/fees/mine.yaml": ("fees=mine",)}.get(name, ())
    with pytest.raises(ConfigError) as full:
        Composer("simulate", words).compose()
    with pytest.raises(ConfigError) as settings:
        Composer("simulate", words).tree()
    assert str(settings.value) == str(full.value)


def test_hydra_is_composed_only_if_it_is_mentioned(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the time goes into it."""
    monkeypatch.setattr(Loader, "load_configuration", lambda *_: pytest.fail("composed in full"))
    plain = Composer("train").tree()
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert Composer("train", ("hydra.verbose=true",)).tree() == plain
    with pytest.raises(ConfigError, match="no such setting"):
        Composer("train", ("hydra.run.dr=1",)).tree()


def test_a_file_read_again_is_as_it_was_written(here: Path) -> None:
    """A reader may change what it got, the next gets it unchanged;
    a file that has changed is read anew.
    """
    path = here / "a.yaml"
    path.write_text("fit: {steps: [1, 2]}\n")
    read_yaml(path)["fit"]["steps"].append(3)
    assert read_yaml(path) == {"fit": {"steps": [1, 2]}}
    path.write_text("fit: {steps: 4}\n")
    assert read_yaml(path) == {"fit": {"steps": 4}}
