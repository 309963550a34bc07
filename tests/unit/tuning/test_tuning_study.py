"""Stopping and going on changes nothing, however it was stopped."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.tuning.journal import repair
from quantamm_cli.tuning.space import Choices, Range
from quantamm_cli.tuning.study import Attempt, Study, Trial

SPACE = {
    "a": Range(1e-3, 1.0, True, None, False),
    "b": Range(1, 9, False, None, True),
    "c": Choices(("one", "two", "three")),
    "d": Choices((None, True, [1, 2])),
}
TRIALS = 13  # ten at random, then the estimator's


def opened(folder: Path, seed: int = 3) -> Study:
    return Study(
        folder / "study.journal", "study", seed, SPACE, {"b": 4, "d": True}, {"fresh": False}
    )


def settings(attempt: Attempt) -> dict[str, Any]:
    return {
        key: attempt.suggest(key, spec)
        for key, spec in SPACE.items()
        if key != "c" or attempt.number % 3
    }


def score(values: dict[str, Any]) -> float:
    return (
        -(math.log(values["a"] / 0.02) ** 2)
        - (values["b"] - 6) ** 2
        + len(values.get("c", ""))
        + (values["d"] is True)
    )


def one(study: Study) -> None:
    attempt = study.next()
    values = settings(attempt)
    if attempt.number == 4:
        attempt.fail("it had to", 5)
    else:
        attempt.finish(score(values))


def go_on(study: Study, until: int = TRIALS) -> list[Trial]:
    while sum(trial.state != "stopped" for trial in study.trials) < until:
        one(study)
    return study.trials


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    return go_on(opened(tmp_path_factory.mktemp("study")))


def test_the_first_trial_takes_what_is_given(uninterrupted: list[Trial]) -> None:
    first = uninterrupted[0]
    assert (first.settings["b"], first.settings["d"]) == (4, True)
    assert [trial.number for trial in uninterrupted] == list(range(TRIALS))
    assert len({trial.settings["a"] for trial in uninterrupted}) == TRIALS
    assert (
        uninterrupted[4].state,
        uninterrupted[4].value,
        uninterrupted[4].reason,
        uninterrupted[4].code,
    ) == (
        "failed",
        None,
        "it had to",
        5,
    )


@pytest.mark.parametrize("stop", [0, 1, 5, 11])
def test_a_study_in_two_sessions_is_one_study(
    tmp_path: Path, uninterrupted: list[Trial], stop: int
) -> None:
    go_on(opened(tmp_path), stop)
    assert go_on(opened(tmp_path)) == uninterrupted


def test_another_seed_is_another_study(tmp_path: Path, uninterrupted: list[Trial]) -> None:
    assert go_on(opened(tmp_path, 4), 3)[1] != uninterrupted[1]


def asked(study: Study) -> Attempt:
    return study.next()


def half(study: Study) -> Attempt:
    attempt = study.next()
    attempt.suggest("a", SPACE["a"])
    attempt.runs_as("run")
    return attempt


def whole(study: Study) -> Attempt:
    attempt = study.next()
    settings(attempt)
    return attempt


@pytest.mark.parametrize("begin", [asked, half, whole])
@pytest.mark.parametrize("stop", [0, 3, 12])
def test_a_trial_that_was_killed_goes_on(
    tmp_path: Path, uninterrupted: list[Trial], begin: Callable[[Study], Attempt], stop: int
) -> None:
    study = opened(tmp_path)
    go_on(study, stop)
    begin(study)  # and no word of it again
    again = opened(tmp_path)
    again.fail_abandoned()
    assert again.trials[-1].state == "stopped"
    assert [trial.settings for trial in go_on(again)] == [trial.settings for trial in uninterrupted]


def test_a_trial_that_kills_twice_is_failed_and_one_that_pauses_is_not(tmp_path: Path) -> None:
    for _ in range(3):
        attempt = opened(tmp_path).next()
        attempt.pause()
        attempt.pause()
    for _ in range(2):
        study = opened(tmp_path)
        study.fail_abandoned()
        assert study.next().number == 0
    study = opened(tmp_path)
    study.fail_abandoned()
    assert study.trials[0].state == "failed"
    assert "its process died 2 times" in str(study.trials[0].reason)
    assert study.next().number == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_scores_are_scores(tmp_path: Path, value: float) -> None:
    study = opened(tmp_path)
    with pytest.raises(ValueError, match="expected a finite number"):
        study.next().finish(value)
    assert study.best is None


def test_the_best_is_the_earlier_of_equals(tmp_path: Path) -> None:
    study = opened(tmp_path)
    for value in (1.0, 2.0, 2.0):
        study.next().finish(value)
    assert study.best is not None
    assert study.best.number == 1


def test_a_torn_journal_is_repaired_at_every_cut(
    tmp_path: Path, uninterrupted: list[Trial]
) -> None:
    go_on(opened(tmp_path), 3)
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
        assert go_on(opened(tmp_path), 4) == uninterrupted[:4]


def test_garbage_after_the_last_line_goes_too(tmp_path: Path, uninterrupted: list[Trial]) -> None:
    go_on(opened(tmp_path), 2)
    with (tmp_path / "study.journal").open("ab") as file:
        file.write(b"\0" * 100)
    assert repair(tmp_path / "study.journal") == 100
    assert go_on(opened(tmp_path), 3) == uninterrupted[:3]


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    go_on(opened(tmp_path), 2)
    journal = tmp_path / "study.journal"
    lines = journal.read_bytes().split(b"\n")
    for damage in (b"{", b'"text"', b"\xff"):
        journal.write_bytes(b"\n".join([*lines[:2], damage, *lines[3:]]))
        with pytest.raises(StoreError, match=r"study\.journal: line 3 is damaged"):
            opened(tmp_path)


def test_a_full_disk_costs_the_last_record_only(
    tmp_path: Path, uninterrupted: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = opened(tmp_path)
    go_on(study, 2)

    def full(file: int) -> None:
        os.ftruncate(file, os.fstat(file).st_size - 5)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            study.next()
    assert json.loads((tmp_path / "study.journal").read_bytes().splitlines()[0])
    assert go_on(opened(tmp_path)) == uninterrupted
