"""The wheel has the settings in it, and works in a folder where there is nothing."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import toy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree and unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    have = (
        subprocess.run(
            [sys.executable, "-c", "import hatchling"], capture_output=True, check=False
        ).returncode
        == 0
    )
    isolation = ["--no-build-isolation"] if have else []
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        *isolation,
        "-w",
        str(folder),
        str(ROOT),
    ]
    uv = ["uv", "build", "--quiet", "--wheel", "-o", str(folder), str(ROOT)]
    told = ""
    for command in (pip, uv):
        try:
            made = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            told = made.stderr
        except (OSError, subprocess.TimeoutExpired) as failure:
            told = str(failure)
            continue
        if made.returncode == 0:
            break
    wheels = list(folder.glob("quantamm_cli-*.whl"))
    if not wheels:
        pytest.skip(
            "the build backend hatchling is neither here nor to be had: "
            f"{' '.join(told.split())[-200:]}"
        )
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


RUN = """
import contextlib, io, json, sys

import quantamm_cli
from quantamm_cli.cli.main import main

answers = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps([quantamm_cli.__file__, answers]))
"""


def run(unpacked: Path, folder: Path, *commands: list[str]) -> list[toy.Answer]:
    """Commands of the unpacked package instead of the one that is installed,
    in a process of their own.
    """
    env = {**toy.environment(), "PYTHONPATH": str(unpacked)}
    words = [sys.executable, "-c", RUN, json.dumps(commands)]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    package, answers = json.loads(done.stdout)
    assert str(unpacked) in package
    return [toy.Answer(*answer) for answer in answers]


def test_every_yaml_is_in_the_wheel(unpacked: Path) -> None:
    def names(folder: Path) -> set[str]:
        return {str(path.relative_to(folder)) for path in folder.rglob("*.yaml")}

    assert names(unpacked / "quantamm_cli" / "conf") == names(ROOT / "conf")
    assert (unpacked / "quantamm_cli" / "py.typed").exists(), (
        "type checkers of others' code read our types"
    )
    pages = (ROOT / "quantamm_cli" / "docs").glob("*.md")
    shipped = {path.name for path in (unpacked / "quantamm_cli" / "docs").glob("*.md")}
    assert shipped == {path.name for path in pages}, "qsim help shows them"
    assert not (unpacked / "tests").exists()
    assert not (unpacked / "conf").exists()
    console = next(unpacked.glob("*.dist-info")) / "entry_points.txt"
    assert "qsim = quantamm_cli.__main__:main" in console.read_text()


def test_it_works_where_there_is_nothing(unpacked: Path, tmp_path: Path) -> None:
    dry = ["train", "conf=demo", "--dry-run", "--json"]
    shown, experiments, told = run(
        unpacked, tmp_path, ["show", "rules"], ["show", "experiments"], dry
    )
    assert shown.code == 0, shown.err
    assert "momentum" in shown.out
    assert "demo" in experiments.out
    assert told.code == 0, told.err
    assert told.json["run"] == toy.call(*dry, folder=ROOT).json["run"]
    assert os.listdir(tmp_path) == []
