"""Every preset of a study makes one that can be run, whatever is chosen beside it."""

import re

import pytest
from kinds import components, source

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_study
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.pruners.wilcoxon import Wilcoxon
from quantamm_cli.tuning.settings import Study
from quantamm_cli.tuning.shape import StudyShape

GROUP = "study"
presets = pytest.mark.parametrize("name", components(GROUP))


def study(name: str, *words: str) -> Study:
    return read_study(Composer("tune", (f"study={name}", *words)).tree())


@presets
def test_it_suits_a_holdout_and_a_walk_forward(name: str) -> None:
    """Its sampler and its pruner take every shape of a study with one objective."""
    settings = study(name)
    for cycles in (None, 2, 12):
        shape = StudyShape(settings.trials, 2, choices=1, conditional=True, cycles=cycles)
        sampler, pruner = settings.sampler.resolved(shape), settings.pruner.resolved(shape)
        assert sampler.advice(shape) == ""
        sampler.make(1, 0, 0)
        pruner.make(cycles or 20)


@presets
def test_each_choice_can_be_another(name: str) -> None:
    """Of a component, and of every number."""
    settings = study(name, "study.sampler=random", "study/pruner=none", "study.trials=3")
    assert (settings.sampler.kind, settings.pruner, settings.trials) == ("random", NoPruner(), 3)
    assert study(name, "study.pruner=wilcoxon").pruner == Wilcoxon()
    assert study(name, "study.objective=test.returns").objective.of == "test.returns"
    if name != "default":
        assert settings.model_fields_set == study("default").model_fields_set


@presets
def test_it_says_what_it_is(name: str) -> None:
    """In its first line, and at each of its settings; nothing in it is as by default."""
    lines = source(GROUP, name).splitlines()
    assert re.match(r"# \S.{20,}", lines[0])
    for line in lines[1:]:
        assert not line or re.search(r"defaults:|- default$|- _self_|\s# \S.{2,}", line), line
    if name == "default":
        assert study(name) == Study()
    else:
        assert study(name) != Study()
