"""Results of a runs folder by their names: one, several, none, and those of another kind."""

import json
from pathlib import Path

import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store.checksummed_json import read_object, with_digest
from quantamm_cli.store.result_names import stored_results
from quantamm_cli.store.runs import Store

A, B = "3f9a2c" + "a" * 58, "3f9a2c" + "b" * 58


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run and a walk-forward whose digits begin alike, a competition, its old folder,
    a lock and a stranger's file.
    """
    (tmp_path / f"run_{A}.json").write_text("{}")
    for name in (
        f"run_{A}",
        f"walk_{B}",
        f"compete_{'c' * 64}",
        f"compete_{'c' * 64}.20260101T000000Z",
        "study_notes",
    ):
        (tmp_path / name).mkdir()
    (tmp_path / f"walk_{B}.lock").write_text("")
    (tmp_path / f"study_{'d' * 64}.json").write_text("{}")
    return tmp_path


def test_only_results_are_held(folder: Path) -> None:
    """Not what was set aside, locks, a run's own folder, nor what is named like none."""
    assert [result.name for result in stored_results(folder)] == [
        f"compete_{'c' * 64}",
        f"run_{A}",
        f"walk_{B}",
    ]
    assert stored_results(folder / "none") == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cccccc", f"compete_{'c' * 64}"),
        ("compete_CCCCCCCC", f"compete_{'c' * 64}"),
        ("walk_3f9a2c", f"walk_{B}"),
        ("run_3f9a2c", f"run_{A}"),
        ("3f9a2ca", f"run_{A}"),
    ],
)
def test_digits_are_enough(name: str, found: str, folder: Path) -> None:
    """With or without the kind; a path will do as well."""
    store = Store(folder)
    assert store.named(name).name == found
    assert store.named(folder / f"walk_{B}").name == f"walk_{B}"


def test_what_begins_alike_is_named(folder: Path) -> None:
    """With kinds where these differ; where a run is wanted there is only one."""
    store = Store(folder)
    with pytest.raises(
        StoreError,
        match=(
            r"2 results begin with 3f9a2c \(run_3f9a2caaaaaa, "
            r"walk_3f9a2cbbbbbb\); write more digits"
        ),
    ):
        store.named("3f9a2c")
    assert store.find("3f9a2c") == folder / f"run_{A}.json"
    for name in ("3f9a2cb", "walk_3f9a2c", str(folder / f"walk_{B}")):
        with pytest.raises(
            StoreError,
            match=(
                r"walk_3f9a2cbbbbbb… is a walk-forward, expected a run; `qsim runs "
                r"show walk_3f9a2cbbbbbb`"
            ),
        ):
            store.find(name)
    with pytest.raises(StoreError, match="no competition begins with compete_abcdef"):
        store.named("compete_abcdef")


def test_what_has_nothing_to_show_is_unfinished(folder: Path) -> None:
    """Listed, and no damage; a summary that is not the study's is one."""
    store = Store(folder)
    assert {(item.result.kind, item.status) for item in store.others()} == {
        ("compete", "unfinished"),
        ("walk", "unfinished"),
    }
    place = folder / f"study_{'e' * 64}"
    place.mkdir()
    (place / "study.json").write_text(
        json.dumps({"study": place.name, "identity": {}, "trials": []})
    )
    (item,) = [item for item in store.others() if item.result.kind == "study"]
    assert (item.status, item.problem) == (
        "damaged",
        "is not of this study; run qsim tune with the same settings to write it again",
    )
    assert place / "study.json" in [finding.path for finding in store.verify()]


def test_json_that_proves_itself(tmp_path: Path) -> None:
    """A digest that does not fit is refused; an object without one has nothing to prove."""
    path, tree = tmp_path / "x.json", {"a": [1, 0.1], "b": None}
    path.write_text(json.dumps(with_digest(tree)))
    assert read_object(path, "again") == tree | {"sha256": sha256(tree)}
    for text in (
        json.dumps(with_digest(tree)).replace("0.1", "0.2"),
        "[1]",
        "{",
        '{"a": NaN, "sha256": ""}',
    ):
        path.write_text(text)
        with pytest.raises(StoreError, match=r"was cut or altered \(.*\); again"):
            read_object(path, "again")
    path.write_text(json.dumps(tree))
    assert read_object(path, "again") == tree
