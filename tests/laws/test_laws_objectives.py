"""Every way to join the scores of cycles takes the same words for what is scored."""

import pytest
from kinds import build, components

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_study
from quantamm_cli.tuning.objective import Objective

GROUP = "study/objective"
objectives = pytest.mark.parametrize("name", components(GROUP))


def objective(*words: str) -> Objective:
    return read_study(Composer("tune", words).tree()).objective


@objectives
def test_it_scores_what_is_named(name: str) -> None:
    """One metric, several, or none: in the place of the objective or in its own setting."""
    for word, of in (
        ("study.objective=validation.calmar", "validation.calmar"),
        ("study.objective.of=validation.calmar", "validation.calmar"),
        ("study.objective=[test.returns,test.calmar]", ("test.returns", "test.calmar")),
        ("study.objective=null", None),
    ):
        found = objective(f"study/objective={name}", word)
        assert (found.kind, found.of) == (name, of)


@objectives
def test_its_name_chooses_it(name: str) -> None:
    """With a dot and with a slash."""
    assert objective(f"study.objective={name}") == objective(f"study/objective={name}")
    assert objective(f"study.objective={name}") == build(GROUP, name)
