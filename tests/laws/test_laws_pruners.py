"""Every pruner makes one of Optuna for any number of parts, and keeps a trial that leads."""

import drawn
import pytest
from kinds import build, components

from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.shape import StudyShape

GROUP = "study/pruner"
pruners = pytest.mark.parametrize("name", components(GROUP))
NEEDS = {"threshold": {"below": -5.0}}
"""What a pruner needs besides its defaults."""


def pruner(name: str, cycles: int = 5) -> Pruner:
    own = Pruner.typed(build(GROUP, name, **NEEDS.get(name, {})))
    return own.resolved(StudyShape(9, ranges=1, cycles=cycles))


@pruners
def test_it_is_resolved_once(name: str) -> None:
    own = pruner(name)
    assert own.resolved(StudyShape(9, ranges=1, cycles=3)) == own
    assert own.kind != "auto"


@pruners
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_trial_that_leads_goes_on(name: str, parts: int) -> None:
    """Each trial is better than all before it in every part, and none is ended."""
    study = drawn.study()
    study.pruner = pruner(name, parts).make(parts)
    for quality in range(12):
        trial = study.ask()
        for part in range(1, parts + 1):
            trial.report(quality + part / 100, part)
            assert not trial.should_prune()
        study.tell(trial, float(quality))


@pruners
def test_where_it_is_told_what(name: str) -> None:
    """A pruner that judges within a training is told means; one that is told cycles is not."""
    own = pruner(name)
    assert not (own.by_cycle_scores and own.kind != "patient" and own.training_reports)
    assert (own.kind in ("none", "wilcoxon")) == (own.training_reports == 0)
