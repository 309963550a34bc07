"""Trials that are told of part by part and given up early."""

from pathlib import Path

from kinds import build

from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.space import Range
from quantamm_cli.tuning.study import Attempt, Study

SPACE = {"a": Range(0.0, 1.0, False, None, False)}
PARTS = (1.0, 2.0, 3.0)


def opened(folder: Path, pruner: str) -> Study:
    folder.mkdir(exist_ok=True)
    component: Pruner = build("study/pruner", pruner)
    return Study(folder / "study.journal", "study", 0, SPACE, {}, {}, component)


def told(attempt: Attempt, quality: float, parts: tuple[float, ...] = PARTS) -> bool:
    """Whether it was given up; as good in every part as it is."""
    attempt.suggest("a", SPACE["a"])
    for step, part in enumerate(parts, 1):
        if attempt.report(step, quality * part) and step < len(PARTS):
            attempt.prune(f"after {step}")
            return True
    return False


def run(study: Study, qualities: list[float]) -> list[str]:
    for quality in qualities:
        attempt = study.next()
        if not told(attempt, quality):
            attempt.finish(quality)
    return [trial.state for trial in study.trials]


def test_below_the_median_of_the_others_is_given_up(tmp_path: Path) -> None:
    """Once five have finished; what was given up has no score, a reason, and is never the best."""
    study = opened(tmp_path, "median")
    assert run(study, [1.0, 2.0, 3.0, 4.0, 5.0, 2.9, 3.1]) == ["finished"] * 5 + [
        "pruned",
        "finished",
    ]
    assert (study.trials[5].value, study.trials[5].reason) == (None, "after 1")
    assert study.best is not None and study.best.number == 4


def test_nothing_is_given_up_unless_asked_for(tmp_path: Path) -> None:
    """The default pruner keeps all."""
    assert set(run(opened(tmp_path, "none"), [5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.1])) == {"finished"}


def test_a_trial_that_was_stopped_is_told_of_again(tmp_path: Path) -> None:
    """Its first parts are known already: the same comes of it as of one that was not stopped."""
    qualities = [1.0, 2.0, 3.0, 4.0, 5.0]
    whole = opened(tmp_path / "whole", "median")
    run(whole, [*qualities, 3.5])
    halved = opened(tmp_path / "halved", "median")
    run(halved, qualities)
    stopped = halved.next()
    told(stopped, 3.5, PARTS[:2])
    stopped.pause()
    run(opened(tmp_path / "halved", "median"), [3.5])
    assert opened(tmp_path / "halved", "median").trials == whole.trials
