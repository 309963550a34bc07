"""Every search space names settings there are, over ranges that they allow."""

import pytest
from kinds import components

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError
from quantamm_cli.tuning.points import Guess

GROUP = "space"
spaces = pytest.mark.parametrize("name", components(GROUP))
MORE = {"none": ("space.fit.patience=[10,20]",)}
"""What a space needs besides itself."""


def search(name: str, *words: str) -> Search:
    """The space of the default pool, checked."""
    given = (f"space={name}", *MORE.get(name, ()), *words)
    return Search(Composer("tune", given).tree(), given, None)


@spaces
def test_its_settings_exist_and_its_ranges_are_legal(name: str) -> None:
    """Each key is a setting of the default run.

    The settings at many points of the space validate and differ.
    """
    found = search(name)
    assert found.space
    points = [found.values(Guess(number)) for number in range(5)]
    names = {found.settings(values).fingerprint for values in points}
    assert len(names) > 1


@spaces
def test_it_begins_at_the_settings_without_a_search(name: str) -> None:
    """What is given already lies in the space, or is left out.

    The space holds every point of its own.
    """
    found = search(name)
    for values in (found.base_values, *(found.values(Guess(number)) for number in range(3))):
        for key, value in values.items():
            assert found.space[key].holds(value), (key, value)


@spaces
def test_a_setting_that_does_not_exist_is_refused(name: str) -> None:
    """Added to it, in one line."""
    with pytest.raises(ConfigError, match=r"space\.fit\.lerning_rate: .*learning_rate"):
        search(name, "space.fit.lerning_rate=[0.001,1]")
