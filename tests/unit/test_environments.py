"""Which Python an environment is made with, and what the lock holds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "env", "ls")
ANSWERS = "#!/bin/sh\nexit 0\n"
SILENT = "#!/bin/sh\nexit 127\n"
"""As pyenv's names of Pythons that are not chosen."""

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "make"))), reason="needs bash and make"
)


def program(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def interpreter(folder: Path) -> tuple[str, int]:
    """What the script prints for python3.13 where a folder is the path, and its exit code."""
    for name in TOOLS:
        program(folder / name, f'#!/bin/sh\nexec {shutil.which(name)} "$@"\n')
    command = [str(shutil.which("bash")), ROOT / "tests" / "interpreter.sh", "python3.13"]
    result = subprocess.run(
        command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )
    return result.stdout.strip(), result.returncode


@pytest.mark.parametrize("home", ["path", "uv", "pyenv"])
def test_a_python_is_found_where_it_answers(home: str, tmp_path: Path) -> None:
    """The path comes first, but a name there that does not answer hides no other."""
    folder, versions = tmp_path / "path", tmp_path / "pyenv" / "versions"
    program(folder / "pyenv", f"#!/bin/sh\necho {tmp_path / 'pyenv'}\n")
    expected = {"pyenv": program(versions / "3.13.0" / "bin" / "python", ANSWERS)}
    program(versions / "3.12.9" / "bin" / "python", ANSWERS)
    if home != "pyenv":
        expected["uv"] = program(tmp_path / "uv" / "python3.13", ANSWERS)
        program(folder / "uv", f"#!/bin/sh\necho {expected['uv']}\n")
    expected["path"] = program(folder / "python3.13", ANSWERS if home == "path" else SILENT)
    assert interpreter(folder) == (expected[home], 0)


def test_no_python_is_made_up(tmp_path: Path) -> None:
    program(tmp_path / "python3.13", SILENT)
    assert interpreter(tmp_path) == ("", 1)


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """What make would do, without doing it."""
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "MAKEFLAGS")}
    command = ["make", "--dry-run", "--always-make", "--silent", *words]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)


def test_each_python_has_an_environment_of_its_own() -> None:
    here = ".venv-{}.{}".format(*sys.version_info)
    for words, folder in ((), ".venv"), ((f"PYTHON={sys.executable}",), here):
        folders = set(
            re.findall(r"^(\.venv[^/\s]*)/bin/", make("test", *words).stdout, re.MULTILINE)
        )
        assert folders == {folder}


def test_a_python_that_is_not_there_is_named() -> None:
    result = make("test", "PYTHON=python3.99")
    assert result.returncode == 2 and "PYTHON=python3.99: no such Python" in result.stderr


def test_the_lock_is_made_as_make_lock_makes_it() -> None:
    """Extras that nobody tests with (their packages are large) stay out:
    the lock names those that it holds.
    """
    options = r"pip compile --quiet (.*requirements\.lock)"
    made = re.search(options, make("lock").stdout)
    header = (ROOT / "requirements.lock").read_text().splitlines()[1]
    assert made and header.split("pip compile ")[1] == made[1]
    assert re.findall(r"--(?:extra|all-extras)\S* ?(\w*)", made[1]) == ["dev"]
