"""A run is found by a prefix, a name or a path; everything else is
refused by name with what to do.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.store.encode import render
from quantamm_cli.store.runs import Store

Save = Callable[..., Path]


def resealed(document: dict[str, Any]) -> str:
    """The document with a digest that fits, as someone who knows the rule would write it."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    return render(rest | {"sha256": sha256(rest)})


def test_what_was_saved_is_read(store: Store, saved: Save, settings: dict[str, Any]) -> None:
    path = saved()
    document = json.loads(path.read_text())
    assert set(document) == {
        "schema",
        "settings",
        "fingerprint",
        "sha256",
        "provenance",
        "status",
        "entries",
    }
    assert (
        sha256({key: value for key, value in document.items() if key != "sha256"})
        == document["sha256"]
    )
    fingerprint = sha256(settings)
    names = [
        fingerprint,
        fingerprint[:6],
        fingerprint[:9].upper(),
        f"run_{fingerprint}",
        f"run_{fingerprint[:8]}",
        f"run_{fingerprint}.json",
    ]
    for name in [*names, path, str(path), str(path.with_suffix("")), f"{path.with_suffix('')}/"]:
        run = store.load(name)
        assert (run.fingerprint, run.status, run.path, run.step) == (
            fingerprint,
            "finished",
            path,
            3,
        )
    assert run.provenance == {
        "data": "d" * 64,
        "inputs": {"prices": "d" * 64},
        "qsim": "0.1",
    }
    assert run.entries[1]["metrics"]["validation"]["daily_log_sharpe"] == [None, 0.5]
    assert run.entries[1]["readable"]["k_per_day"] == [[19.7, 17.1], [1e-05, 5e-324]]
    assert [entry["step"] for entry in run.history()] == [0, 1, 2, 3]
    assert run.history() == list(run.entries)
    assert run.state()["step"] == 3
    assert run.folder == path.with_suffix("")
    assert store.verify() == []


@pytest.mark.parametrize(
    "name", ["", "abc", "run_", "..", "../../none/there", "x" * 5000, "a\0b", "zzzzzz"]
)
def test_what_names_no_run_is_told(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="is not a run: expected 6 or more hex digits"):
        store.load(name)


def test_none_and_several(store: Store) -> None:
    with pytest.raises(StoreError, match="no run begins with abcdef"):
        store.load("abcdef")
    store.root.mkdir()
    for last in "0123":
        (store.root / f"run_{'a' * 63}{last}.json").write_text("{}")
    with pytest.raises(
        StoreError, match=r"4 runs begin with aaaaaa \(aaaaaaaaaaaa, .*write more digits"
    ):
        store.load("aaaaaa")


@pytest.mark.parametrize(
    "fingerprint", ["../x", "a" * 63, "A" * 64, "a" * 64 + "\n", "a" * 63 + "/", ""]
)
def test_no_path_leads_out_of_the_folder(store: Store, fingerprint: str) -> None:
    for find in (store.path, store.folder):
        with pytest.raises(StoreError, match="is not a fingerprint"):
            find(fingerprint)


def test_a_linked_run_folder_is_refused(
    store: Store, saved: Save, settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = saved().with_suffix("")
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        store.open(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("{", "was cut or altered .broken in line 1"),
        ("hello", "was cut or altered"),
        ('{"schema": NaN}', "NaN is not JSON"),
        ("[1, 2]", "is JSON but not a checkpoint of qsim"),
        ('{"schema": true, "fingerprint": ""}', "is JSON but not a checkpoint of qsim"),
        (
            json.dumps(json.dumps([{"startDateString": "2023"}, {"step": 0}])),
            "is a result of quantammsim; .*qsim runs import",
        ),
        (
            f'{{"schema": {DOCUMENT + 1}, "fingerprint": "", "more": 1}}',
            f"made by a newer qsim .schema {DOCUMENT + 1}, this one reads {DOCUMENT}",
        ),
        ('{"schema": 1, "fingerprint": ""}', "lacks parts of a checkpoint"),
    ],
)
def test_a_foreign_file_is_told_and_left(
    store: Store, saved: Save, settings: dict[str, Any], text: str, told: str
) -> None:
    path = saved()
    path.write_text(text)
    for attempt in (lambda: store.load(path), lambda: store.open(settings)):
        with pytest.raises(StoreError, match=told) as caught:
            attempt()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert path.read_text() == text
    assert [item.status for item in store.list()] == ["damaged"]
    assert store.verify()[0].path == path


def test_a_file_that_is_no_json_at_all(store: Store, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\x89PNG")
    with pytest.raises(StoreError, match="is not JSON and not a checkpoint"):
        store.load(tmp_path / "x.json")


def test_renamed_and_rewritten(store: Store, saved: Save) -> None:
    path = saved()
    text = path.read_text()
    other = path.with_name(f"run_{'0' * 64}.json")
    other.write_text(text)
    with pytest.raises(StoreError, match=f"was renamed: it is {path.name}; rename it back"):
        store.load(other)
    (store.root / "best.json").write_text(text)
    with pytest.raises(StoreError, match="is not named run_<64 hex digits>"):
        store.load(store.root / "best.json")
    document = json.loads(text)
    path.write_text(resealed(document | {"settings": document["settings"] | {"tokens": ["BTC"]}}))
    with pytest.raises(StoreError, match="settings do not fit its fingerprint"):
        store.load(path)
    path.write_text(resealed(document | {"entries": [1]}))
    with pytest.raises(StoreError, match="lacks parts"):
        store.load(path)
    path.write_text(text.replace("19.7", "19.8"))
    with pytest.raises(
        StoreError,
        match=(
            "content does not fit its sha256; restore it from a copy, or start over with fresh=True"
        ),
    ):
        store.load(path)
    path.write_text(text.replace("1e-05", "1E-05"))
    with pytest.raises(StoreError, match="not spelled as they were written"):
        store.load(path)
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert store.load(path).step == 3


def test_the_list_tells_and_never_raises(
    store: Store, saved: Save, settings: dict[str, Any]
) -> None:
    assert Store(store.root / "none").list() == []
    saved()
    (store.root / f"run_{'f' * 64}.json").write_text("{")
    (store.root / "study.json").write_text("{}")
    items = {item.fingerprint: item for item in store.list()}
    good = items[sha256(settings)]
    assert (good.status, good.steps, good.best, good.metric, good.tokens, good.pool) == (
        "finished",
        3,
        1.5,
        "daily_log_sharpe",
        ("BTC", "ETH"),
        "temporal/momentum",
    )
    bad = items["f" * 64]
    assert bad.status == "damaged"
    assert "cut or altered" in str(bad.problem)
    assert len(items) == 2


def test_verify_names_what_is_wrong(store: Store, saved: Save) -> None:
    path = saved()
    folder = path.with_suffix("")
    history, state = (folder / "history.jsonl").read_bytes(), (folder / "state.npz").read_bytes()

    def found() -> list[str]:
        return [f"{finding.path.name}: {finding.problem}" for finding in store.verify()]

    lines = history.splitlines(keepends=True)
    for altered in (
        lines[:-1],
        lines[1:],
        [lines[0], lines[0], *lines[1:]],
        [lines[0], lines[2], lines[1], lines[3]],
        [],
    ):
        (folder / "history.jsonl").write_bytes(b"".join(altered))
        assert "history.jsonl: was cut or altered" in found()[0]
    (folder / "history.jsonl").write_bytes(history + b"{}")
    assert "has entries after the last step" in found()[0]
    (folder / "history.jsonl").write_bytes(history)
    (folder / "state.npz").write_bytes(state[:-30])
    assert "state.npz: was cut or altered" in found()[0]
    (folder / "state.npz").unlink()
    assert "state.npz: cannot be read" in found()[0]
    (folder / "state.npz").write_bytes(state)
    assert found() == []
    path.unlink()
    assert "has a history but no checkpoint" in found()[0]
