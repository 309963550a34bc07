"""Every search space names settings there are, over ranges that they allow."""

from functools import cache

import numpy as np
import pytest
from kinds import components

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.tuning.points import Guess
from quantamm_cli.tuning.space import Searched, plain_values
from quantamm_cli.tuning.space_check import parameter_values

GROUP = "space"
spaces = pytest.mark.parametrize("name", components(GROUP))
MORE = {
    "none": ("space.fit.patience=[10,20]",),
    "robust": ("split=walk_forward",),
    **{fit: (f"fit={fit}",) for fit in components("fit")},
}
"""What a space needs besides itself."""


class Recorder:
    """A guess that remembers what it was asked for."""

    def __init__(self, number: int) -> None:
        self._guess = Guess(number)
        self.specs: dict[str, Searched] = {}
        self.values: dict[str, Json] = {}

    def suggest(self, key: str, spec: Searched) -> Json:
        self.specs[key] = spec
        self.values[key] = self._guess.suggest(key, spec)
        return self.values[key]


@cache
def search(name: str, *words: str) -> Search:
    """The space of the default pool, checked."""
    words = (f"space={name}", *MORE.get(name, ()), *words)
    return Search(Composer("tune", words).tree(), words, None)


@spaces
def test_its_settings_exist_and_its_ranges_are_legal(name: str) -> None:
    """Each key is a setting of the default run.

    The settings at many points of the space validate, parameters included, and differ.
    """
    space = search(name)
    assert space.space
    points = [space.values(Guess(number)) for number in range(20)]
    settings = list(map(space.settings, points))
    for each in settings:
        parameter_values(each)
    assert len({each.fingerprint for each in settings}) > 1


@spaces
def test_a_name_stands_for_one_range(name: str) -> None:
    """Whatever the other choices of a trial are, as Optuna asks for; each name is in the space."""
    space = search(name)
    for number in range(20):
        trial = Recorder(number)
        values = space.values(trial)
        assert trial.specs == {each: space.space[each] for each in trial.specs}
        assert values == plain_values(trial.values)
        assert all(space.space[each].holds(value) for each, value in trial.values.items())
        assert space.named(values) == trial.values


@spaces
def test_it_begins_at_the_settings_without_a_search(name: str) -> None:
    """What is given already lies in the space, or is left out."""
    space = search(name)
    values = space.base_values
    for each, value in values.items():
        assert space.space[each].holds(value), (each, value)
    first = space.settings(values)
    for each, value in parameter_values(space.base).items():
        np.testing.assert_allclose(parameter_values(first)[each], value, rtol=1e-14)
    assert first.model_copy(update={"params": {}}).fingerprint == space.base.fingerprint


@spaces
def test_a_setting_that_does_not_exist_is_refused(name: str) -> None:
    """Added to it, in one line."""
    with pytest.raises(ConfigError, match=r"space\.fit\.seeed: .*seed"):
        search(name, "space.fit.seeed=[1,10]")
