"""Results that version 9274b26 stored are listed, shown, resumed, evaluated, exported as by it."""

import hashlib
import json
import re
from pathlib import Path

import pytest
import toy
from compiling import AS_USERS
from goldens import EXPECTED, load
from played import keys_changed, numbers_changed, played
from scene import HERE, SHORT, STORED, USER_FILES
from scenes import OF_STORED, SCENES

SUMS = HERE / "SHA256SUMS"


def sums(folder: Path, top: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder, by its place beneath ``top``."""
    digests = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "__pycache__":
            digests[str(path.relative_to(top))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def apart(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Files that are not in both, or not the same in both."""
    return sorted({path for path, _ in one.items() ^ other.items()})


@pytest.mark.parametrize("name", OF_STORED)
def test_stored_results_have_the_numbers_they_had(name: str, tmp_path: Path) -> None:
    """To what version 9274b26 printed of them; the keys of the JSON are pinned here, too."""
    answers = played(SCENES[name], tmp_path)
    changed = numbers_changed(name, answers) + keys_changed(name, answers)
    assert not changed, "\n".join(changed)
    if name == "reading":
        runs = tmp_path / "runs"
        touched = apart(sums(STORED, STORED), sums(runs, runs))
        assert not touched, f"qsim runs list, show, compare and verify changed {touched}"


def test_stored_files_are_those_that_were_stored() -> None:
    """To the byte; and those of users."""
    lines = [line.split("  ") for line in SUMS.read_text("utf-8").splitlines()]
    now = sums(STORED, HERE) | sums(USER_FILES, HERE)
    changed = apart({path: digest for digest, path in lines}, now)
    cure = "restore them: only version 9274b26 could write them (tests/goldens/stored/README.md)"
    assert not changed, f"{', '.join(changed)} in tests/goldens changed, came or went; {cure}"


def test_every_kind_of_result_is_stored() -> None:
    """And the README beside them says what each is."""
    listed = load(EXPECTED)["reading"]["runs list"]["json"]
    assert {run["status"] for run in listed["runs"]} == {"finished", "stopped"}
    assert all(listed[kind] for kind in ("walk_forwards", "studies", "competitions"))
    readme = (STORED.parent / "README.md").read_text("utf-8")
    for path in STORED.iterdir():
        assert path.name[:12] in readme, f"{path.name} is not in {STORED.parent.name}/README.md"


def test_a_stored_receipt_is_verified_to_the_last_bit(tmp_path: Path) -> None:
    """In a process that compiles as users' do: other flags and other libraries give other bits."""
    SCENES["competition"].furnish(tmp_path)
    words = ("compete", "--verify", SHORT["RECEIPT"], "--json")
    answer = toy.script(*words, folder=tmp_path, **AS_USERS)
    elsewhere = re.search(r"(device|machine|jax|jaxlib) was .*, is .*", answer.err)
    if answer.code == 4 and elsewhere:
        pytest.skip(f"the receipt was written elsewhere, and only there to the bit: {elsewhere[0]}")
    assert answer.code == 0, f"a receipt of version 9274b26 no longer verifies: {answer.err}"
    assert json.loads(answer.out)["same"] is True
