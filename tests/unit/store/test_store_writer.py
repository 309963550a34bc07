"""One writer finds what is there, goes on exactly, and overwrites nothing."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from quantamm_cli.errors import DataError, StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store.inputs import Inputs
from quantamm_cli.store.runs import BusyError, Store, Writer

Save = Callable[..., Path]
Make = Callable[[int], dict[str, Any]]


def save(
    writer: Writer,
    entry: Make,
    step: int,
    *,
    status: str = "running",
    kept: list[Any] | None = None,
) -> None:
    """One step more."""
    past = [entry(before) for before in range(step + 1)] if kept is None else [*kept, entry(step)]
    writer.save(
        [entry(step)],
        past,
        {"step": np.asarray(step), "x": np.full(3, step / 7)},
        status,
        {"qsim": "0.1"},
    )


def without_provenance(path: Path) -> dict[str, Any]:
    """What must not depend on how often a run was interrupted, in the order of the file."""
    return {
        key: value
        for key, value in json.loads(path.read_text()).items()
        if key not in ("provenance", "sha256")
    }


def test_new_resumed_finished(store: Store, settings: dict[str, Any], entry: Make) -> None:
    with store.open(settings) as writer:
        assert (writer.status, writer.run, writer.state, writer.step) == ("new", None, None, None)
        assert not writer.path.exists()
        save(writer, entry, 0)
        save(writer, entry, 1, status="stopped")
    with store.open(settings) as writer:
        assert writer.status == "resumed"
        assert writer.run is not None
        assert (writer.run.status, writer.step) == ("stopped", 1)
        assert writer.state is not None
        np.testing.assert_array_equal(writer.state["x"], np.full(3, 1 / 7))
        save(writer, entry, 2, status="finished", kept=list(writer.run.entries))
    before = writer.path.read_bytes()
    with store.open(settings) as writer:
        assert writer.status == "finished"
        assert writer.state is not None
        with pytest.raises(ValueError, match="finished"):
            save(writer, entry, 3)
    assert writer.path.read_bytes() == before
    assert store.verify() == []


def test_resumed_is_uninterrupted_byte_for_byte(
    tmp_path: Path, settings: dict[str, Any], entry: Make
) -> None:
    whole, parts = Store(tmp_path / "whole"), Store(tmp_path / "parts")
    with whole.open(settings) as writer:
        for step in range(4):
            save(writer, entry, step, status="finished" if step == 3 else "running")
    for step in range(4):
        shuffled = {key: settings[key] for key in sorted(settings, reverse=True)}
        with parts.open(shuffled) as again:
            run = again.run
            save(
                again,
                entry,
                step,
                status="finished" if step == 3 else "running",
                kept=list(run.entries) if run else [],
            )
    names = ("", "history.jsonl", "state.npz")
    for name in names:
        one, other = (
            (base.folder(sha256(settings)) / name if name else base.path(sha256(settings)))
            for base in (whole, parts)
        )
        assert one.read_bytes() == other.read_bytes(), name
    assert json.dumps(without_provenance(writer.path)) == json.dumps(without_provenance(again.path))


def test_a_finished_run_is_reused_with_its_checkpoint_alone(
    store: Store, saved: Save, settings: dict[str, Any]
) -> None:
    folder = saved().with_suffix("")
    for path in folder.iterdir():
        path.unlink()
    with store.open(settings) as writer:
        assert (writer.status, writer.state) == ("finished", None)


def test_fresh_keeps_the_old_beside(
    store: Store, saved: Save, settings: dict[str, Any], entry: Make
) -> None:
    path = saved()
    path.write_text("broken")
    for _ in range(3):  # within one second
        with store.open(settings, fresh=True) as writer:
            assert writer.status == "new"
            save(writer, entry, 0)
    names = sorted(item.name for item in store.root.iterdir() if not item.name.endswith(".lock"))
    assert len(names) == 8
    assert [item.status for item in store.list()] == ["running"]
    assert store.verify() == []
    old = [item for item in store.root.iterdir() if ".json." in item.name]
    assert "broken" in {item.read_text() for item in old}
    assert all((store.root / item.name.replace(".json", "")).is_dir() for item in old)


def test_a_history_without_checkpoint_is_kept(
    store: Store, saved: Save, settings: dict[str, Any]
) -> None:
    path = saved()
    history = (path.with_suffix("") / "history.jsonl").read_bytes()
    path.unlink()
    with store.open(settings) as writer:
        assert writer.status == "new"
        assert not writer.folder.exists()
    [kept] = [item for item in store.root.iterdir() if item.is_dir()]
    assert (kept / "history.jsonl").read_bytes() == history


def test_what_a_crash_left_ahead_is_cut_or_taken_up(
    store: Store, saved: Save, settings: dict[str, Any]
) -> None:
    path = saved(last=1, status="running")
    early = path.read_bytes()
    saved_state = path.with_suffix("") / "state.npz"
    early_state = saved_state.read_bytes()
    with store.open(settings) as writer:
        assert writer.run is not None
        last = dict(writer.run.entries[1]) | {"step": 2}
        writer.save([last], [*writer.run.entries, last], {"step": 2}, "running", {})
    path.write_bytes(early)  # as if killed between state and checkpoint
    with store.open(settings) as writer:
        assert writer.run is not None
        assert [entry["step"] for entry in writer.run.entries] == [0, 1, 2]
        assert writer.step == 2
        writer.save([], writer.run.entries, writer.state or {}, "running", {})
    path.write_bytes(early)
    saved_state.write_bytes(early_state)  # as if killed between history and state
    with store.open(settings) as writer:
        assert writer.run is not None
        assert [entry["step"] for entry in writer.run.entries] == [0, 1]
        assert writer.step == 1
    assert len((path.with_suffix("") / "history.jsonl").read_bytes().splitlines()) == 2
    assert store.verify() == []


@pytest.mark.parametrize("damage", ["missing", "cut", "other run", "older", "history"])
def test_a_damaged_run_is_refused_and_left(
    store: Store, saved: Save, settings: dict[str, Any], entry: Make, damage: str
) -> None:
    path = saved(status="running")
    state, history = path.with_suffix("") / "state.npz", path.with_suffix("") / "history.jsonl"
    if damage == "missing":
        state.unlink()
    elif damage == "cut":
        state.write_bytes(state.read_bytes()[:-9])
    elif damage == "history":
        history.write_bytes(history.read_bytes()[:-9])
    else:
        other = settings if damage == "older" else settings | {"schema": 9}
        with Store(store.root.parent / "other").open(other) as writer:
            for step in range(2 if damage == "older" else 4):
                save(writer, entry, step)
        state.write_bytes((writer.folder / "state.npz").read_bytes())
    before = {
        item: item.read_bytes()
        for item in store.root.rglob("*")
        if item.is_file() and item.suffix != ".lock"
    }
    with pytest.raises(StoreError, match=r"(fresh=True|restore it from a copy)"):
        store.open(settings)
    assert before == {
        item: item.read_bytes()
        for item in store.root.rglob("*")
        if item.is_file() and item.suffix != ".lock"
    }
    with store.open(settings, fresh=True) as writer:
        assert writer.status == "new"


def test_other_data_is_told(store: Store, saved: Save, settings: dict[str, Any]) -> None:
    saved()
    same, other = (Inputs(digit * 64, {"prices": digit * 64}) for digit in "de")
    with pytest.raises(DataError, match=r"prices .*d{64}.*e{64}.*other_data=True.*fresh=True"):
        store.open(settings, data=other)
    with store.open(settings, data=other, beside=store.apart(sha256(settings), other)) as writer:
        assert (writer.status, writer.path.stem[-13:]) == ("new", f"+{'e' * 12}")
    assert store.apart(sha256(settings), same) == ""
    with store.open(settings, data=same) as writer:
        assert writer.status == "finished"
    with store.open(settings, data=other, fresh=True) as writer:
        assert writer.status == "new"


def test_a_step_that_does_not_fit_is_a_defect(
    store: Store, settings: dict[str, Any], entry: Make
) -> None:
    with store.open(settings) as writer:
        with pytest.raises(ValueError, match="entries and state of one last step"):
            writer.save([entry(0)], [entry(0)], {"step": 1}, "running", {})
        with pytest.raises(ValueError, match="status"):
            writer.save([entry(0)], [entry(0)], {"step": 0}, "done", {})
        with pytest.raises(ValueError, match="step"):
            writer.save([entry(0)], [entry(0)], {}, "running", {})
        with pytest.raises(ValueError, match="after step"):
            writer.save([entry(1), entry(0)], [entry(0)], {"step": 0}, "running", {})
        save(writer, entry, 0)
        with pytest.raises(ValueError, match="history ends at step 0"):
            writer.save([], [entry(2)], {"step": 2}, "running", {})
    with pytest.raises(ValueError, match="closed"):
        save(writer, entry, 1)


def test_the_busy_are_named(store: Store, settings: dict[str, Any]) -> None:
    since = r"since (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC"
    holder = rf"another qsim \(pid {os.getpid()} on .+ {since}\) is writing this run; wait"
    with store.open(settings), pytest.raises(BusyError, match=holder):
        store.open(settings)
    with store.open(settings) as writer:
        assert writer.status == "new"


def test_a_busy_run_is_waited_for_as_long_as_asked(
    store: Store,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And no longer: there is no waiting where nobody asks for it."""
    waits = []

    def acquire(self: FileLock, timeout: float, poll_interval: float) -> object:
        waits.append(timeout)
        return real(self, timeout=0, poll_interval=poll_interval)

    real = FileLock.acquire
    with store.open(settings):
        monkeypatch.setattr(FileLock, "acquire", acquire)
        for wait in ({}, {"wait": 0.2}, {"wait": 5.0}):
            with pytest.raises(BusyError):
                store.open(settings, **wait)
    assert waits == [0.0, 0.2, 5.0]


def test_a_run_that_is_waited_for_is_had_once_it_is_free(
    store: Store, settings: dict[str, Any], entry: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what its writer left."""
    waits, asleep = threading.Event(), time.sleep

    def sleep(seconds: float) -> None:
        waits.set()
        asleep(seconds)

    opened = []

    def work() -> None:
        with store.open(settings, wait=240) as other:
            opened.append((other.status, other.step))

    thread = threading.Thread(target=work)
    with store.open(settings) as writer:
        monkeypatch.setattr(time, "sleep", sleep)
        thread.start()
        assert waits.wait(240)
        save(writer, entry, 0)
    thread.join()
    assert opened == [("resumed", 0)]


def test_another_thread_may_save_and_close(
    store: Store, settings: dict[str, Any], entry: Make
) -> None:
    writer = store.open(settings)

    def work() -> None:
        save(writer, entry, 0, status="stopped")
        writer.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    writer.close()
    with store.open(settings) as again:
        assert again.status == "resumed"


def test_settings_that_cannot_name_a_run_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.open({"fee": float("nan")})
    assert not store.root.exists()
