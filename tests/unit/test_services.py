"""tests/services.sh, on a system made of stubs: it installs what is missing, or says why not."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "services.sh"
COMMANDS = ("bwrap", "chromium", "faketime", "ip", "npm", "zsh", "fish")
BASH = shutil.which("bash") or ""
APT = """#!/bin/sh
echo "$*" >> apt.log
case "$*" in
  *" install "*" {refused}"*) exit 100 ;;
  *" install "*) for folder in ready/*; do
      case "$*" in *" ${{folder#ready/}}"*) /bin/mv "$folder"/* path ;; esac
    done ;;
esac
"""

pytestmark = pytest.mark.skipif(not BASH, reason="needs bash")


def program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder for PATH: root's, with what the script itself starts."""
    folder = tmp_path / "path"
    program(folder / "id", "#!/bin/sh\necho 0\n")
    program(folder / "env", f'#!/bin/sh\nexec {shutil.which("env")} "$@"\n')
    return folder


def services(path: Path) -> list[str]:
    """The lines of a run, which never fails."""
    env, pipe = {"PATH": str(path)}, subprocess.PIPE
    command = [BASH, str(SCRIPT)]
    done = subprocess.run(
        command,
        cwd=path.parent,
        env=env,
        text=True,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        check=True,
    )
    return done.stdout.splitlines()


def apt(path: Path, refused: str = "nothing") -> None:
    """An apt-get that installs any package but one."""
    program(path / "apt-get", APT.format(refused=refused))
    for line in re.findall(r"^(?:NEEDED=\")?(\w+) +(\w+)\"?$", SCRIPT.read_text(), re.MULTILINE):
        program(path.parent / "ready" / line[1] / line[0])


def calls(path: Path) -> list[str]:
    """What apt-get was asked to do, without its options."""
    lines = (path.parent / "apt.log").read_text().splitlines()
    return [re.sub(r" ?(-o \S+|-qq|--\S+)", "", line).strip() for line in lines]


def test_nothing_is_done_where_nothing_is_missing(path: Path) -> None:
    apt(path)
    for name in COMMANDS:
        program(path / name)
    assert services(path) == ["services: all there"]
    assert not (path.parent / "apt.log").exists()


def test_what_is_missing_is_installed_at_once(path: Path) -> None:
    """Commands count, not packages: npm may come from elsewhere. The next run has nothing to do."""
    apt(path)
    program(path / "npm")
    assert services(path)[-1] == "services: all there now"
    assert calls(path) == ["update", "install bubblewrap chromium faketime iproute2 zsh fish"]
    assert services(path) == ["services: all there"]
    assert all(os.access(path / name, os.X_OK) for name in COMMANDS)


def test_a_package_that_is_not_to_be_had_keeps_out_no_other(path: Path) -> None:
    apt(path, refused="chromium")
    last = services(path)[-1]
    assert last.endswith("install everything; missing: chromium (tests that need them skip)")


WHY = {"root": "needs root", "apt-get": "no apt-get", "network": "did not install everything"}


@pytest.mark.parametrize("lacking", WHY)
def test_what_cannot_be_installed_is_named(path: Path, lacking: str) -> None:
    if lacking == "root":
        apt(path)
        program(path / "id", "#!/bin/sh\necho 1000\n")
    if lacking == "network":
        program(path / "apt-get", "#!/bin/sh\nexit 100\n")
    program(path / "zsh")
    last = services(path)[-1]
    missing = "bwrap chromium faketime ip npm fish"
    assert last.endswith(f"; missing: {missing} (tests that need them skip)")
    assert WHY[lacking] in last
    assert not (path.parent / "apt.log").exists()


def test_a_user_with_sudo_installs(path: Path) -> None:
    apt(path)
    program(path / "id", "#!/bin/sh\necho 1000\n")
    program(path / "sudo", '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n')
    program(path / "true")
    assert services(path)[-1] == "services: all there now"
