"""Installed packages whose components are there without any setting."""

import json
import os
import subprocess
import sys
from pathlib import Path

import own
import pytest
import toy
from toy import TOY

RULE = '''
"""A rule in a package of somebody else's."""

import jax.numpy as jnp

from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.params import Parameter
from quantamm_cli.rules.base import WeightRule, centred


class Leaning(WeightRule, kind="leaning"):
    """Weights lean against the level of the price."""

    def parameters(self, clock):
        bounds = {"low": 0.1, "high": 100.0, "log": True}
        return (Parameter("log_k", "k_per_day", "1/day", Log2(), default=1.0, **bounds),)

    def signal(self, recur, seen, params, clock):
        return centred(jnp.exp2(params["log_k"]), -seen.price / seen.price[:1])
'''
GROUP = """

from leaning_rules import mine
from quantamm_cli.settings.component import Component


class Weather(Component, group="weather"):
    pass


class Rain(Weather, kind="rain"):
    '''Water from above.'''
"""
TYPO = """
import json, sys
from quantamm_cli.cli.main import main

code = main(sys.argv[1:])
heavy = {"jax", "numpy", "pydantic", "importlib.metadata", "leaning_rules"}
print(json.dumps([code, sorted(heavy & set(sys.modules))]))
"""


def install(target: Path, module: str = RULE) -> Path:
    """What an installer makes of a package with an entry point: the package, and its metadata."""
    files = {
        "leaning_rules/__init__.py": "",
        "leaning_rules/rules.py": module,
        "leaning_rules/conf/pool/rule/leaning.yaml": "# Lean against the level.\nkind: leaning\n",
        "leaning_rules-3.1.dist-info/METADATA": (
            "Metadata-Version: 2.1\nName: leaning-rules\nVersion: 3.1\n"
        ),
        "leaning_rules-3.1.dist-info/entry_points.txt": (
            "[qsim.plugins]\nleaning = leaning_rules.rules\n"
        ),
        "leaning_rules-3.1.dist-info/RECORD": "",
    }
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return target


def qsim(packages: Path, folder: Path, *words: str, **env: str) -> toy.Answer:
    """A command in a process of its own that has these packages."""
    command = [sys.executable, "-m", "quantamm_cli", *words]
    paths = os.pathsep.join(map(str, (packages, *filter(None, [os.environ.get("PYTHONPATH")]))))
    environment = {**toy.environment(), "PYTHONPATH": paths, **env}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return toy.Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Packages as ``pip install --target`` leaves them, with the
    README's components inside, too.
    """
    target = tmp_path_factory.mktemp("packages")
    install(target, RULE + GROUP)
    own.write(root, target / "leaning_rules")
    (target / "leaning_rules/conf/weather").mkdir()
    (target / "leaning_rules/conf/weather/rain.yaml").write_text("kind: rain\n")
    return target


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose package cannot be imported."""
    return install(tmp_path_factory.mktemp("broken"), "import a_library_nobody_has\n")


@pytest.mark.parametrize(
    ("what", "choice", "text"),
    [
        ("rules", "pool/rule=leaning", "lean against the level"),
        ("fees", "fees=volatility", "grows with how far prices moved"),
        ("trades", "trades=poisson", "at random minutes"),
    ],
)
def test_a_component_of_an_installed_package_is_shown_and_completed(
    what: str, choice: str, text: str, packages: Path, tmp_path: Path
) -> None:
    """Its description is read from its class, its name from the YAML in the package."""
    shown = qsim(packages, tmp_path, "show", what, choice.partition("=")[2])
    assert (shown.code, shown.err) == (0, "")
    assert text in shown.out
    line = f"qsim train {choice[:-4]}"
    assert qsim(
        packages, tmp_path, "-sc", "query=bash", COMP_LINE=line, COMP_POINT=str(len(line))
    ).out.split() == [choice]


def test_a_group_of_a_package_is_listed_like_ours(packages: Path, tmp_path: Path) -> None:
    """Its folder of YAML makes it known to help and completion, which import nothing."""
    assert "Water from above." in qsim(packages, tmp_path, "show", "weathers").out
    line = "qsim show wea"
    completed = qsim(packages, tmp_path, "-sc", "query=bash", COMP_LINE=line, COMP_POINT="13")
    assert completed.out.split() == ["weathers"]
    assert "weathers, experiments" in " ".join(
        qsim(packages, tmp_path, "show", "--help").out.split()
    )


def test_its_yaml_enrols_it_in_the_laws(packages: Path, root: Path) -> None:
    """Where it is installed, the laws of its kind are asked of it as of ours."""
    code = "import kinds; print(kinds.components('fees'), kinds.build('trades', 'poisson').worth)"
    paths = os.pathsep.join(map(str, (packages, root, root / "tests")))
    environment = {**toy.environment(), "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "['flat', 'none', 'recorded', 'volatility'] 1000.0"


def test_a_run_with_it_names_the_version_of_the_package(packages: Path, tmp_path: Path) -> None:
    """It composes, trains, and says which release of whose code it is from."""
    trained = qsim(packages, tmp_path, "train", *TOY, "pool/rule=leaning", "fit.steps=1", "--json")
    assert trained.code == 0, trained.err
    shown = qsim(packages, tmp_path, "runs", "show", str(trained.json["run"]), "--json")
    assert shown.json["provenance"]["plugins"] == {"leaning-rules": "3.1"}


def test_a_package_that_fails_is_one_line(broken: Path, tmp_path: Path) -> None:
    """Who does not need it goes on; who does learns why it is not there."""
    listed = qsim(broken, tmp_path, "show", "rules")
    assert listed.code == 0
    assert "momentum" in listed.out
    told = (
        "the plugin leaning (leaning_rules.rules) of leaning-rules 3.1 cannot be imported: "
        "ModuleNotFoundError: No module named 'a_library_nobody_has'"
    )
    assert listed.err.splitlines() == [f"qsim show: warning: {told}"]
    wanted = qsim(broken, tmp_path, "train", *TOY, "pool/rule=leaning", "--dry-run")
    assert wanted.code == 2
    assert [told in line for line in wanted.err.splitlines()] == [True, False]
    assert "no pool/rule is called 'leaning'" in wanted.err


@pytest.mark.parametrize("words", [["--help"], ["train", "fees.feee=1"]])
def test_help_and_misspelt_keys_import_no_package(
    words: list[str], packages: Path, tmp_path: Path
) -> None:
    """The metadata are read, the package is not."""
    paths = os.pathsep.join(map(str, (packages, *filter(None, [os.environ.get("PYTHONPATH")]))))
    command = [sys.executable, "-c", TYPO, *words]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**toy.environment(), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    code, imported = json.loads(done.stdout.splitlines()[-1])
    assert code == (0 if words == ["--help"] else 2)
    assert set(imported) <= {"importlib.metadata"}, "finding the package's YAML reads metadata"
