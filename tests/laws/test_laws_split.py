"""How every split shares out its minutes: in order, none twice, all of them."""

from itertools import pairwise
from typing import Any

import pytest
from kinds import DAY, components, tree

from quantamm_cli.config.compose import Composer
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import minute

GROUP = "split"
splits = pytest.mark.parametrize("name", components(GROUP))
embargoes = pytest.mark.parametrize("embargo", [0, 3])
TREE = Composer("train").tree()
DATES = {"start": "2022-01-01", "end": "2022-04-01", "test_end": "2022-05-01"}


def settings(name: str, **changes: Any) -> Train:
    return decode(Train, TREE | DATES | {"split": tree(GROUP, name, bout_offset=DAY, **changes)})


@splits
@embargoes
def test_periods_are_in_order_and_part_nothing_twice(name: str, embargo: int) -> None:
    """In each cycle: what trains, what validates, the embargo, what is tested; together all of its minutes."""
    for cycle in settings(name, embargo_days=embargo).cycles:
        (first, second), (third, fourth), (fifth, last) = (
            cycle.periods[period] for period in ("train", "validation", "test")
        )
        assert 0 == first < second == third < fourth == fifth - embargo * DAY
        assert last == minute(str(cycle.test_end)) - minute(cycle.start)
        assert fifth == minute(cycle.end) - minute(cycle.start) < last


@splits
def test_cycles_walk_through_time(name: str) -> None:
    """The tests of all cycles cover [end, test_end) without a gap, and nothing is tested that was trained on before."""
    found = settings(name)
    edges = [(minute(cycle.end), minute(str(cycle.test_end))) for cycle in found.cycles]
    assert edges[0][0] == minute(found.end)
    assert edges[-1][1] == minute(str(found.test_end))
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert all(minute(cycle.start) < minute(cycle.end) for cycle in found.cycles)


@splits
def test_validation_has_its_share(name: str) -> None:
    """To the minute, whatever the share; without one, no minute validates."""
    for share in (0.25, 0.5):
        for cycle in settings(name, validation_fraction=share).cycles:
            first, last = cycle.periods["validation"]
            assert last - first == int(share * last)
    assert all(
        "validation" not in cycle.periods
        for cycle in settings(name, validation_fraction=0.0).cycles
    )


@splits
def test_another_split_is_another_run(name: str) -> None:
    """Whatever decides which minutes train is part of a run's name."""
    base = settings(name)
    assert settings(name).fingerprint == base.fingerprint
    for change in ({"validation_fraction": 0.3}, {"embargo_days": 1}):
        assert settings(name, **change).fingerprint != base.fingerprint
