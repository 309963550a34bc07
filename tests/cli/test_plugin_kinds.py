"""A component of every kind and a command, in a file and in an installed package.

Shown, completed, chosen and run like ours.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import every_kind
import pytest
import toy
from every_kind import KINDS

SCRIPT = """
import contextlib, io, json, sys
from quantamm_cli.cli.complete import candidates
from quantamm_cli.cli.main import main

answers = []
for line in json.load(sys.stdin):
    if isinstance(line, str):
        answers.append([0, candidates(line), ""])
        continue
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(line)
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(answers))
"""
METADATA = "Metadata-Version: 2.1\nName: strange-parts\nVersion: 1.0\n"
POINTS = """[qsim.plugins]
parts = strange_parts.parts

[qsim.commands]
mine = strange_parts.word
"""


class Place(NamedTuple):
    """Where a user works: the folder, packages to be found, and what names the components."""

    folder: Path
    packages: tuple[Path, ...]
    words: tuple[str, ...]

    def ask(self, *lines: list[str] | str) -> list[Any]:
        """What a process answers to commands (lists of words) and to completions (lines).

        Code, output, errors.
        """
        paths = [str(path) for path in self.packages] + [os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=json.dumps(lines),
            cwd=self.folder,
            env={**toy.environment(), "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout.splitlines()[-1]))


def install(target: Path, command: str = every_kind.COMMAND) -> Path:
    """What an installer makes of a package with both entry points."""
    package, info = target / "strange_parts", target / "strange_parts-1.0.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text(every_kind.MODULE)
    (package / "word.py").write_text(command)
    every_kind.write(package)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(POINTS)
    (info / "RECORD").write_text("")
    return target


@pytest.fixture(scope="module", params=["file", "package"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A file of components with a conf beside it, or a package."""
    folder = tmp_path_factory.mktemp("folder")
    if request.param == "package":
        return Place(folder, (install(tmp_path_factory.mktemp("packages")),), ())
    (folder / "mine.py").write_text(every_kind.MODULE)
    every_kind.write(folder)
    return Place(folder, (), ("plugins=[mine.py]",))


def test_every_kind_is_listed_shown_and_completed(place: Place) -> None:
    """By ``show KIND`` and ``show KIND NAME``; completed behind ``KIND=`` and ``show KIND``."""
    asked: list[list[str] | str] = []
    for what, (group, kind) in KINDS.items():
        command = "compete" if what in ("markets", "strategies") else "train"
        asked += [["show", what, "--json", *place.words], ["show", what, kind, *place.words]]
        asked += [f"qsim show {what} my_", f"qsim {command} {group}=my_"]
    answers = iter(place.ask(*asked))
    for what, (group, kind) in KINDS.items():
        (code, listed, err), (shown_code, shown, _), named, chosen = (
            next(answers) for _ in range(4)
        )
        assert (code, shown_code) == (0, 0), (what, err)
        assert "warning" not in err, err
        assert kind in {each["name"] for each in json.loads(listed)["found"]}, what
        assert shown.startswith(kind), what
        assert named[1] == [kind], what
        if what != "strategies":  # strategies=[NAME,...] is a list, which shells do not complete
            assert chosen[1] == [f"{group}={kind}"], what


def test_all_of_them_together_are_a_run(place: Place) -> None:
    """Chosen on a command line and by an experiment they compose and validate."""
    of_run = [each for each in KINDS.values() if each[0] not in ("market", "strategy", "pool")]
    chosen = [f"{group}={kind}" for group, kind in of_run]
    conf = ["conf=my_experiment", "--cfg", "job", "-p", "pool.rule.kind"]
    dry, printed, shown = place.ask(
        ["train", *chosen, "--dry-run", "--json", *place.words],
        ["train", *conf, *place.words],
        ["show", "experiments", "--json"],
    )
    assert (dry[0], printed[0]) == (0, 0), (dry[2], printed[2])
    settings = json.loads(dry[1])["settings"]
    assert settings["data"]["kind"] == "my_data" and settings["fit"]["kind"] == "my_fit"
    assert printed[1].strip() == "my_rule"
    assert "my_experiment" in {each["name"] for each in json.loads(shown[1])["found"]}


def test_they_are_played_and_trained(place: Place) -> None:
    """A market and a strategy of a file in a competition.

    The rest, of a package, in a training of one step.
    """
    if place.words:
        names = ["market=my_market", "strategies=[my_strategy,fixed_50]", *place.words]
        small = ["simulations=4", "steps=50", "epoch.length=null"]
        (played,) = place.ask(["compete", *names, *small, "--json"])
        assert played[0] == 0, played[2]
        standings = {row["name"] for row in json.loads(played[1])["standings"]}
        assert {"my_strategy", "fixed_50"} <= standings
        return
    parts = ("rule", "guard", "metric", "fit", "practice", "fees")
    chosen = [
        f"{group}={kind}" for group, kind in KINDS.values() if kind.removeprefix("my_") in parts
    ]
    (trained,) = place.ask(["train", *toy.TOY, *chosen, "fit.steps=1", "--json"])
    assert trained[0] == 0, trained[2]
    assert "my_metric" in json.loads(trained[1])["metrics"]["test"]


@pytest.fixture
def package(tmp_path: Path) -> Place:
    """A package alone."""
    (tmp_path / "folder").mkdir()
    return Place(tmp_path / "folder", (install(tmp_path / "packages"),), ())


def test_a_command_of_a_package_is_one_of_the_commands(package: Place) -> None:
    """Listed behind ours, explained, completed and run; a misspelt one is near it."""
    words = [
        ["--help"],
        ["my_command", "--help"],
        ["my_command", "--by", "two", "--json"],
        ["my_comand"],
    ]
    listed, explained, done, near, name, flags = package.ask(
        *words, "qsim my_", "qsim my_command --by "
    )
    lines = [line for line in listed[1].splitlines() if re.match(r"  \w", line)]
    assert lines[-1].split() == ["my_command", "counts", "tokens"]
    assert "  --by N                 how many at once" in explained[1]
    assert json.loads(done[1]) == {"command": "my_command", "tokens": 3, "by": "two"}
    assert near[0] == 2 and "did you mean 'my_command'?" in near[2]
    assert (name[1], flags[1]) == (["my_command"], ["one", "two"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import a_library_nobody_has\n", "cannot be imported: ModuleNotFoundError"),
        ("COMMAND = 7\n", "does not define COMMAND, a quantamm_cli.cli.command.Command"),
        (
            every_kind.COMMAND.replace('"my_command"', '"train"'),
            "defines the command train, which exists; the existing one stays",
        ),
    ],
    ids=["broken", "no command", "taken"],
)
def test_a_command_that_cannot_join_is_a_warning(text: str, message: str, tmp_path: Path) -> None:
    """Where commands are listed; ours say nothing of it."""
    (tmp_path / "folder").mkdir()
    place = Place(tmp_path / "folder", (install(tmp_path / "packages", text),), ())
    ours, listed = place.ask(["train", "--help"], ["--help"])
    assert (ours[0], ours[2], listed[0]) == (0, "", 0)
    assert listed[2].startswith("qsim: warning: the plugin mine (strange_parts.word")
    assert message in listed[2] and listed[2].count("\n") == 1
    assert "counts tokens" not in listed[1]
