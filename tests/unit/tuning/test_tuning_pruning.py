"""Trials that report part by part, and are ended early."""

import os
from pathlib import Path

import pytest
from slots import comparable, opened, values_of, worker

from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.median import Median
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.pruners.wilcoxon import Wilcoxon
from quantamm_cli.tuning.study import Attempt, Study

PARTS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the device: no power fails here."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


def made(folder: Path, pruner: Pruner, slots: int = 8) -> Study:
    return opened(folder, slots, pruner=pruner, parts=len(PARTS))


def told(attempt: Attempt, quality: float, parts: tuple[float, ...] = PARTS) -> bool:
    """Whether it was given up; as good in every part as it is."""
    attempt.runs_as("run", values_of(attempt))
    for step, part in enumerate(parts, 1):
        if attempt.report(step, quality * part) and step < len(PARTS):
            attempt.prune(f"after {step}")
            return True
    return False


def run(study: Study, qualities: list[float]) -> list[str]:
    with worker(study) as lease:
        for quality in qualities:
            attempt = study.claim(lease)
            assert attempt is not None
            if not told(attempt, quality):
                attempt.finish([quality], {})
    return [trial.state for trial in study.trials if trial.state != "waiting"]


def test_below_the_median_of_the_others_is_given_up(tmp_path: Path) -> None:
    """Once five have finished; what was given up has no score, a reason, and is never the best."""
    study = made(tmp_path, Median())
    states = run(study, [1.0, 2.0, 3.0, 4.0, 5.0, 2.9, 3.1])
    assert states == ["finished"] * 5 + ["pruned", "finished"]
    pruned = study.trials[5]
    assert (pruned.values, pruned.reason, pruned.eligible) == ((), "after 1", False)


def test_nothing_is_given_up_by_none(tmp_path: Path) -> None:
    qualities = [5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.1]
    assert set(run(made(tmp_path, NoPruner()), qualities)) == {"finished"}


@pytest.mark.parametrize("stop", range(1, 6))
@pytest.mark.parametrize(
    ("pruner", "state"),
    [(Median(), "finished"), (Median(warmup=3), "pruned"), (Wilcoxon(p_value=0.07), "pruned")],
    ids=["goes on", "median", "wilcoxon"],
)
def test_a_trial_that_was_stopped_reports_again(
    tmp_path: Path, pruner: Pruner, state: str, stop: int
) -> None:
    """Its first parts are known already: the same comes of it as of one that was not stopped, for
    the same reason.
    """
    qualities, last = [1.0, 2.0, 3.0, 4.0, 5.0], 3.5 if state == "finished" else 2.0
    whole = made(tmp_path / "whole", pruner)
    run(whole, [*qualities, last])
    halved = made(tmp_path / "halved", pruner)
    run(halved, qualities)
    with worker(halved) as lease:
        attempt = halved.claim(lease)
        assert attempt is not None
        attempt.runs_as("run", values_of(attempt))
        for step, part in enumerate(PARTS[:stop], 1):  # stopped before it acts on the last answer
            if attempt.report(step, last * part):
                break
        attempt.release()
    again = made(tmp_path / "halved", pruner)
    run(again, [last])
    assert again.trials[5].state == state
    assert comparable(again) == comparable(whole)
    reports = [trial.intermediate_values for trial in again.optuna.get_trials()]
    assert reports == [trial.intermediate_values for trial in whole.optuna.get_trials()]
