"""F3, F4: torn and altered files. Every earlier record is read, every altered bit is found."""

import os
import random
import shutil
from pathlib import Path

import pytest
import store_worker as worker

from quantamm_cli.errors import StoreError
from quantamm_cli.store.history import History, read_lines
from quantamm_cli.store.runs import Store

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the device: what is tried here is what the calls do, and no power fails."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few steps."""
    folder = tmp_path_factory.mktemp("finished")
    worker.reference(folder, 5)
    return folder


def test_f3_a_history_torn_at_every_byte_of_its_last_record(tmp_path: Path) -> None:
    with Store(tmp_path / "ahead").open(worker.SETTINGS, data=worker.DATA) as writer:
        worker.train(writer, 3, ends=False)
        shutil.copytree(tmp_path / "ahead", tmp_path / "runs")
    with Store(tmp_path / "ahead").open(worker.SETTINGS, data=worker.DATA) as writer:
        worker.train(writer, 4)
    expected = worker.essence(tmp_path / "ahead")
    store = Store(tmp_path / "runs")
    history, whole = (
        store.folder(worker.FINGERPRINT) / "history.jsonl",
        (writer.folder / "history.jsonl").read_bytes(),
    )
    four = history.read_bytes()
    assert whole.startswith(four)
    before = {
        path: path.read_bytes()
        for path in (store.path(worker.FINGERPRINT), store.folder(worker.FINGERPRINT) / "state.npz")
    }
    for end in range(len(four), len(whole) + 1):
        history.write_bytes(whole[:end])
        assert len(read_lines(history, worker.FINGERPRINT)) == 4 + (end == len(whole))
        assert len(History(history, worker.FINGERPRINT).rewind(3)) == 4
        assert history.read_bytes() == four
    for end in [*range(len(four), len(whole), 29), len(whole) - 1, len(whole)]:
        history.write_bytes(whole[:end])
        with store.open(worker.SETTINGS, data=worker.DATA) as writer:
            assert (writer.step, history.read_bytes()) == (3, four)
            worker.train(writer, 4)
        assert worker.essence(tmp_path / "runs") == expected
        for path, data in before.items():
            path.write_bytes(data)


def test_f3_a_torn_record_that_was_reported_saved_is_told(tmp_path: Path, finished: Path) -> None:
    shutil.copytree(finished, tmp_path / "runs")
    store = Store(tmp_path / "runs")
    history = store.folder(worker.FINGERPRINT) / "history.jsonl"
    whole = history.read_bytes()
    last, run = whole[:-1].rindex(b"\n") + 1, store.load(worker.FINGERPRINT)
    for end in range(last, len(whole), 5):
        history.write_bytes(whole[:end])
        with pytest.raises(StoreError, match="intact up to step 4, expected 5"):
            run.history()


def cut_everywhere(path: Path) -> int:
    whole, missed = path.read_bytes(), 0
    for end in range(0, len(whole) - 1, 13):
        path.write_bytes(whole[:end])
        try:
            Store(path.parent).load(path)
            missed += 1
        except StoreError:
            pass
    path.write_bytes(whole)
    return missed


def test_f4_a_cut_checkpoint_is_found(tmp_path: Path, finished: Path) -> None:
    shutil.copytree(finished, tmp_path / "runs")
    assert cut_everywhere(Store(tmp_path / "runs").path(worker.FINGERPRINT)) == 0


def flip(folder: Path, flips: int) -> dict[str, int]:
    """Flips single bits of checkpoint, history and state; counts those that nothing notices
    and that change something.
    """
    store, chance = Store(folder), random.Random(5)
    files = [
        store.path(worker.FINGERPRINT),
        *(store.folder(worker.FINGERPRINT) / name for name in ("history.jsonl", "state.npz")),
    ]
    sound = store.load(worker.FINGERPRINT).state()
    missed = {path.name[-5:]: 0 for path in files}
    for number in range(flips):
        path = files[number % 3]
        whole = path.read_bytes()
        place = chance.randrange(len(whole))
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :]
        )
        try:
            run = store.load(worker.FINGERPRINT)
            state = run.history() and run.state()
            # A date inside the zip means nothing: there the arrays must be the same, bit for bit.
            same = path.suffix == ".npz" and {k: v.tobytes() for k, v in state.items()} == {
                k: v.tobytes() for k, v in sound.items()
            }
            missed[path.name[-5:]] += not same
        except StoreError as error:
            told = str(error)
            missed[path.name[-5:]] += "\n" in told or str(path) not in told or not store.verify()
        path.write_bytes(whole)
    return missed


def test_f4_flipped_bits_are_found(tmp_path: Path, finished: Path) -> None:
    shutil.copytree(finished, tmp_path / "runs")
    assert sum(flip(tmp_path / "runs", 200).values()) == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_f4_thousands_of_flipped_bits_are_found(tmp_path: Path, finished: Path) -> None:
    shutil.copytree(finished, tmp_path / "runs")
    assert sum(flip(tmp_path / "runs", 6000).values()) == 0
