"""Slots, claims and leases: stopping and going on changes nothing, however it was stopped."""

import errno
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import slots
from drawn import needs_cmaes
from slots import SPACE, comparable, go_on, opened, worker

from quantamm_cli.errors import StoreError
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.optuna import TrialState
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.cmaes import CmaEs
from quantamm_cli.tuning.samplers.nsga2 import NSGA2
from quantamm_cli.tuning.samplers.qmc import QuasiMonteCarlo
from quantamm_cli.tuning.samplers.random import Random
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.study import Attempt, Study, find_notes, read_notes
from quantamm_cli.tuning.trials import Trial

TRIALS = 13
SAMPLERS: dict[str, Sampler] = {
    "tpe": TPE(startup=5),
    "branches": TPE(startup=5, by_branch=True),
    "cmaes": CmaEs(population=4),
    "qmc": QuasiMonteCarlo(),
    "nsga2": NSGA2(population=4),
    "random": Random(),
}
KINDS = [pytest.param(kind, marks=needs_cmaes if kind == "cmaes" else ()) for kind in SAMPLERS]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the device: no power fails here."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Trial]]:
    """The trials of a sampler's study that nobody stops."""
    known: dict[str, list[Trial]] = {}

    def trials(kind: str) -> list[Trial]:
        if kind not in known:
            study = opened(tmp_path_factory.mktemp(kind), TRIALS, sampler=SAMPLERS[kind])
            known[kind] = go_on(study, TRIALS)
        return known[kind]

    return trials


@pytest.fixture
def whole(uninterrupted: Callable[[str], list[Trial]]) -> list[Trial]:
    return uninterrupted("tpe")


def reopened(folder: Path, slots: int = TRIALS, kind: str = "tpe", seed: int = 3) -> Study:
    return opened(folder, slots, seed, SAMPLERS[kind])


def test_the_first_trial_takes_what_is_given(whole: list[Trial]) -> None:
    first = whole[0]
    assert (first.settings["b"], first.settings["d"]) == (4, True)
    assert [trial.number for trial in whole] == list(range(TRIALS))
    assert len({trial.settings["a"] for trial in whole}) == TRIALS
    failed = whole[4]
    assert (failed.state, failed.value, failed.reason, failed.code) == (
        "failed",
        None,
        "it had to",
        5,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stop", [1, 9])
def test_a_study_in_two_sessions_is_one_study(
    tmp_path: Path, uninterrupted: Callable[[str], list[Trial]], kind: str, stop: int
) -> None:
    go_on(reopened(tmp_path, stop, kind), stop)
    assert go_on(reopened(tmp_path, TRIALS, kind), TRIALS - stop) == uninterrupted(kind)


def test_another_seed_is_another_study(tmp_path: Path, whole: list[Trial]) -> None:
    assert go_on(reopened(tmp_path, seed=4), 3)[1] != whole[1]


def claimed(attempt: Attempt) -> None:
    """No value is drawn yet."""


def half(attempt: Attempt) -> None:
    attempt.draw()
    attempt.suggest("a", SPACE["a"])
    attempt.runs_as("run", {})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begin", [claimed, half, slots.values_of])
def test_a_trial_whose_worker_was_killed_goes_on(
    tmp_path: Path,
    uninterrupted: Callable[[str], list[Trial]],
    begin: Callable[[Attempt], Any],
    kind: str,
) -> None:
    study = reopened(tmp_path, TRIALS, kind)
    for stop in (0, 3, 9):
        go_on(study, stop)
        with worker(study) as lease:
            attempt = study.claim(lease)
            assert attempt is not None
            begin(attempt)
            slots.die(lease)
        assert study.trials[attempt.number].state == "running"
        study = reopened(tmp_path, TRIALS, kind)
        assert study.free_dead() == [attempt.number]
        assert study.trials[attempt.number].state == "waiting"
        assert not list(study.workers.iterdir())
    go_on(study, 1)
    assert comparable(study) == uninterrupted(kind)


def test_a_trial_that_is_put_back_goes_on(tmp_path: Path, whole: list[Trial]) -> None:
    study = reopened(tmp_path)
    go_on(study, 6)
    with worker(study) as lease:
        for _ in range(9):  # more often than a death would count
            attempt = study.claim(lease)
            assert attempt is not None and attempt.number == 6
            half(attempt)
            attempt.release()
            attempt.release()
            assert study.trials[6].state == "waiting"
    assert go_on(study, TRIALS - 6) == whole
    study.release(6)
    assert study.trials[6].state == "finished"


def test_workers_claim_the_lowest_and_no_two_the_same(tmp_path: Path) -> None:
    study = reopened(tmp_path, 3)
    other = reopened(tmp_path, 3)
    with worker(study) as one, worker(other) as two:
        numbers = [each.number for each in map(_sure, (study.claim(one), other.claim(two)))]
        assert numbers == [0, 1]
        assert [trial.worker for trial in study.trials] == [one.name, two.name, None]
        third = _sure(study.claim(one))
        assert other.claim(two) is None
        third.release()
        assert _sure(other.claim(two)).number == 2


def _sure(attempt: Attempt | None) -> Attempt:
    assert attempt is not None
    return attempt


def test_nothing_is_claimed_once_trials_no_longer_improve(tmp_path: Path) -> None:
    study = reopened(tmp_path, 9)
    with worker(study) as lease:
        for value in (1.0, 3.0, 2.0, 3.0):
            _sure(study.claim(lease, patience=2)).finish([value], {})
        assert study.claim(lease, patience=2) is None
        assert _sure(study.claim(lease, patience=3)).number == 4


def test_nothing_is_claimed_once_the_first_five_failed(tmp_path: Path) -> None:
    study = reopened(tmp_path, 9)
    with worker(study) as lease:
        for _ in range(5):
            _sure(study.claim(lease)).fail("no", 2)
        assert study.claim(lease) is None
        assert study.retry([3]) == [9]
        assert _sure(study.claim(lease)).number == 5


def test_what_failed_is_tried_again_with_its_values(tmp_path: Path) -> None:
    """A retried trial takes no slot: the others and their given points stay as they are."""
    study = reopened(tmp_path, 5)
    go_on(study, 5)
    assert study.retry([4]) == [5]
    points = [{"b": number} for number in range(1, 10)]
    study.add_slots(7, points)
    with worker(study) as lease:
        found = [slots.values_of(_sure(study.claim(lease))) for _ in range(3)]
        assert study.claim(lease) is None
    failed = study.optuna.get_trials()[4]
    assert failed.params.items() <= study.optuna.get_trials()[5].params.items()
    assert [each["b"] for each in found[1:]] == [6, 7]
    assert study.trials[4].retried and not study.trials[5].retried
    study.add_slots(7, points)
    assert len(study.trials) == 8


def killed(study: Study, times: int, progress: int = 0) -> Trial:
    """Let the lowest trial kill its worker so often; each attempt begins after ``progress`` steps
    more.
    """
    for count in range(times):
        with worker(study) as lease:
            attempt = study.claim(lease)
            assert attempt is not None
            attempt.resumed(1, count * progress)
            slots.die(lease)
    study.free_dead()
    return study.trials[0]


def test_a_trial_that_kills_its_workers_is_failed(tmp_path: Path) -> None:
    """After five deaths as the last one."""
    study = reopened(tmp_path, 1)
    assert killed(study, 4).state == "waiting"
    trial = killed(study, 1)
    assert (trial.state, trial.code) == ("failed", 1)
    assert trial.reason == "its process died 5 times without progress"


def test_deaths_count_less_while_nothing_else_ends(tmp_path: Path) -> None:
    """Something else kills them: forty, or five between which other trials ended."""
    study = reopened(tmp_path / "alone", 3)
    assert killed(study, 39).state == "waiting"
    assert killed(study, 1).state == "failed"
    study = reopened(tmp_path / "others", 9)
    for ended in range(5):
        assert study.trials[0].state == "waiting"
        with worker(study) as one, worker(study) as two:
            assert _sure(study.claim(one)).number == 0
            _sure(study.claim(two)).finish([float(ended)], {})
            slots.die(one)
        study.free_dead()
    assert study.trials[0].state == "failed"
    assert study.trials[0].reason == "its process died 5 times without progress"


def test_deaths_before_progress_count_no_more(tmp_path: Path) -> None:
    study = reopened(tmp_path, 1)
    assert killed(study, 45, progress=1).state == "waiting"
    assert killed(study, 3).state == "waiting"  # and the last of those
    assert killed(study, 1).state == "failed"


def test_a_death_between_the_two_records_of_a_claim(tmp_path: Path) -> None:
    """The trial runs and names no worker."""
    study = reopened(tmp_path, 1)
    (trial,) = study.optuna.get_trials(deepcopy=False)
    study._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
    assert study.trials[0].state == "running"
    go_on(study, 1)
    assert study.trials[0].state == "finished"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_scores_are_scores(tmp_path: Path, value: float) -> None:
    study = reopened(tmp_path, 1)
    with worker(study) as lease, pytest.raises(ValueError, match="expected finite numbers"):
        _sure(study.claim(lease)).finish([value], {})
    assert not any(trial.eligible for trial in study.trials)


# leases


def test_a_lease_lives_as_long_as_its_lock(tmp_path: Path) -> None:
    with leases.lease(tmp_path, "1", 5.0) as one, leases.lease(tmp_path, "2", 4.0) as two:
        two.write(trial=3, step=7)
        assert leases.alive(tmp_path, one.name)
        assert [(each.label, each.trial) for each in leases.workers(tmp_path)] == [
            ("1", None),
            ("2", 3),
        ]
        slots.die(one)
        assert not leases.alive(tmp_path, one.name)
        assert [each.label for each in leases.workers(tmp_path)] == ["2"]
        assert len(list(tmp_path.iterdir())) == 2
        (tmp_path / f"{two.name}.json").write_text("{")  # it shows nothing, and lives
        assert leases.workers(tmp_path) == []
        assert leases.alive(tmp_path, two.name)
    assert not list(tmp_path.iterdir())


def test_a_worker_that_died_before_it_wrote_anything_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "host-1-abc.lock").touch()
    (tmp_path / "host-1-abc.tmp").touch()
    assert leases.workers(tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_a_lock_that_is_removed_before_it_is_held_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process took it for that of a dead worker."""
    import fcntl

    real, removed = fcntl.flock, []

    def flock(file: int, how: int) -> None:
        if not removed:
            removed.extend(tmp_path.glob("*.lock"))
            removed[0].unlink()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with leases.lease(tmp_path, "1", 0.0) as lease:
        assert removed
        assert leases.alive(tmp_path, lease.name)


# the journal


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "study.journal").read_bytes().splitlines()]


def test_a_torn_journal_is_repaired_at_every_cut(tmp_path: Path, whole: list[Trial]) -> None:
    go_on(reopened(tmp_path, 4), 3)
    journal = tmp_path / "study.journal"
    data = journal.read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    for cut in {
        last + 1,
        (last + len(data)) // 2,
        len(data) - 2,
        len(data) - 1,
        last - 1,
        len(data) // 2,
        7,
        0,
    }:
        journal.write_bytes(data[:cut])
        study = reopened(tmp_path, 4)
        done = sum(trial.state != "waiting" for trial in study.trials)
        done -= len(study.free_dead())
        assert go_on(study, 4 - done) == whole[:4]
        assert records(tmp_path)


@pytest.mark.parametrize("size", [100, 5000])
def test_garbage_after_the_last_line_goes_too(
    tmp_path: Path, whole: list[Trial], size: int
) -> None:
    """Also while a process has the journal open."""
    study = reopened(tmp_path, 3)
    go_on(study, 2)
    with (tmp_path / "study.journal").open("ab") as file:
        file.write(b"\0" * size)
    assert go_on(study, 1) == whole[:3]
    assert records(tmp_path)
    assert comparable(reopened(tmp_path, 3)) == whole[:3]


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    go_on(reopened(tmp_path, 2), 2)
    journal = tmp_path / "study.journal"
    lines = journal.read_bytes().split(b"\n")
    for damage in (b"{", b'"text"', b"\xff"):
        journal.write_bytes(b"\n".join([*lines[:2], damage, *lines[3:]]))
        with pytest.raises(StoreError, match=r"study\.journal: line 3 is damaged"):
            reopened(tmp_path)


class Full:
    """A call of the system that works so often; then the disk is full, with half of the data."""

    def __init__(self, real: Callable[..., int | None], times: int) -> None:
        self.real, self.left = real, times

    def __call__(self, file: int, *data: bytes) -> int | None:
        self.left -= 1
        if self.left >= 0:
            return self.real(file, *data)
        for each in data:
            self.real(file, each[: len(each) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_costs_the_last_record_only(
    tmp_path: Path, whole: list[Trial], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Half a line is written and no room is left, at each record of a trial in turn."""
    study = reopened(tmp_path)
    go_on(study, 2)
    for at in range(30):
        before = len(records(tmp_path))
        with monkeypatch.context() as patch, worker(study) as lease:
            patch.setattr(os, call, Full(getattr(os, call), at))
            try:
                slots.end(_sure(study.claim(lease)))
            except OSError:
                pass
            else:
                break
        assert len(records(tmp_path)) == before + at
    assert at > 8
    assert go_on(study, TRIALS - 3) == whole


def test_notes_are_those_of_its_creation(tmp_path: Path) -> None:
    assert find_notes(tmp_path / "study.journal", "study") is None
    with pytest.raises(StoreError, match="has no journal of a study"):
        read_notes(tmp_path / "study.journal", "study")
    reopened(tmp_path)
    assert read_notes(tmp_path / "study.journal", "study")[0] == {"made": "once"}
    assert find_notes(tmp_path / "study.journal", "other") is None
