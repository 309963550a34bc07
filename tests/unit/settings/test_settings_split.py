"""Which minutes train, validate and test, in a holdout and in the cycles
of a walk-forward, by hand.
"""

from typing import Any

import pytest

from quantamm_cli.config.components import load_components
from quantamm_cli.config.compose import Composer
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import Holdout

load_components()
DAY = 1440
TREE = Composer("train").tree()


def settings(split: dict[str, Any], **changes: Any) -> Train:
    dates = {"start": "2022-01-01", "end": "2022-04-01", "test_end": "2022-05-01"}  # 90 days and 30
    return decode(Train, TREE | {"split": {"bout_offset": DAY} | split} | dates | changes)


def walk(**changes: Any) -> dict[str, Any]:
    return {"kind": "walk_forward"} | changes


def dates(found: Train) -> list[tuple[str, str, str]]:
    return [(each.start, each.end, str(each.test_end)) for each in found.cycles]


def test_a_holdout_is_a_single_cycle() -> None:
    """Itself."""
    found = settings({"kind": "holdout"})
    assert found.cycles == (found,)


def test_rolling_cycles_train_on_as_many_days_as_the_first() -> None:
    """Thirty days in three blocks; each cycle's 90 days lead up to its block."""
    assert dates(settings(walk(cycles=3))) == [
        ("2022-01-01", "2022-04-01", "2022-04-11"),
        ("2022-01-11", "2022-04-11", "2022-04-21"),
        ("2022-01-21", "2022-04-21", "2022-05-01"),
    ]


def test_expanding_cycles_train_from_the_start_on() -> None:
    """The same blocks, ever more days before them."""
    assert dates(settings(walk(cycles=3, expanding=True))) == [
        ("2022-01-01", "2022-04-01", "2022-04-11"),
        ("2022-01-01", "2022-04-11", "2022-04-21"),
        ("2022-01-01", "2022-04-21", "2022-05-01"),
    ]


def test_edges_are_midnights_and_no_day_is_left_out_or_doubled() -> None:
    """30 days in four: 7, 8, 7 and 8; the training window keeps its length."""
    found = dates(settings(walk(cycles=4)))
    assert [each[1:] for each in found] == [
        ("2022-04-01", "2022-04-08"),
        ("2022-04-08", "2022-04-16"),
        ("2022-04-16", "2022-04-23"),
        ("2022-04-23", "2022-05-01"),
    ]
    assert [each[0] for each in found] == ["2022-01-01", "2022-01-08", "2022-01-16", "2022-01-23"]


def test_minutes_of_the_day_are_rounded_down() -> None:
    """An end and a test_end within a day stand for its midnight; the first cycle keeps its start,
    the others as many minutes.
    """
    odd = settings(
        walk(cycles=2),
        start="2022-01-01T06:30",
        end="2022-04-01T13:00",
        test_end="2022-04-21T23:59",
    )
    assert dates(odd) == [
        ("2022-01-01T06:30", "2022-04-01", "2022-04-11"),
        ("2022-01-11T06:30", "2022-04-11", "2022-04-21"),
    ]


def test_blocks_of_so_many_days_leave_the_rest_untested() -> None:
    """Seven days fit four times into thirty; how many cycles were asked for does not matter."""
    assert [each[1:] for each in dates(settings(walk(cycle_days=7, cycles=9)))] == [
        ("2022-04-01", "2022-04-08"),
        ("2022-04-08", "2022-04-15"),
        ("2022-04-15", "2022-04-22"),
        ("2022-04-22", "2022-04-29"),
    ]


def test_a_cycle_is_an_ordinary_holdout() -> None:
    """All else is as it was, so the same dates by hand are the same run."""
    told = {
        "validation_fraction": 0.3,
        "selection_metric": "returns",
        "embargo_days": 5,
        "bout_offset": 7,
    }
    found = settings(walk(cycles=3, **told)).cycles[1]
    assert type(found.split) is Holdout
    by_hand = settings(
        {"kind": "holdout", **told}, start="2022-01-11", end="2022-04-11", test_end="2022-04-21"
    )
    assert found == by_hand and found.fingerprint == by_hand.fingerprint


def test_an_embargo_parts_the_test_from_all_that_was_fitted() -> None:
    """Five days before the test belong to no period; what validates is a share of the others."""
    found = settings({"kind": "holdout", "embargo_days": 5})
    assert found.periods == {
        "train": (0, 68 * DAY),
        "validation": (68 * DAY, 85 * DAY),
        "test": (90 * DAY, 120 * DAY),
    }
    assert settings({"kind": "holdout"}).periods["validation"] == (72 * DAY, 90 * DAY)
    assert (
        settings({"kind": "holdout", "embargo_days": 5}).fingerprint
        != settings({"kind": "holdout"}).fingerprint
    )


@pytest.mark.parametrize(
    ("split", "changes", "said"),
    [
        (
            walk(),
            {"test_end": None},
            r"^test_end: null, but split=walk_forward tests on blocks .* or take split=holdout$",
        ),
        (
            walk(cycles=11),
            {},
            (
                r"^split\.cycles: 11 blocks of the 30 days .* fewer than 3 each; take fewer "
                r"cycles, or a later test_end$"
            ),
        ),
        (
            walk(cycle_days=31),
            {},
            (
                r"^split\.cycle_days: no block of 31 days fits in the 30 from 2022-04-01 to "
                r"2022-05-01; take shorter"
            ),
        ),
        (
            walk(cycle_days=2),
            {},
            r"^split\.cycle_days: 2 is too short to test on; take at least 3$",
        ),
        (walk(cycles=0), {}, r"^split\.cycles: 0 is below 1"),
        (
            walk(bout_offset=73 * DAY),
            {},
            r"^split\.bout_offset: .* leave no training window in the .* minutes from 2022-01-01;",
        ),
        (
            walk(embargo_days=90),
            {},
            r"^split\.embargo_days: 90 of the 90 days from 2022-01-01 leave none to train$",
        ),
        ({"kind": "holdout", "embargo_days": 91}, {}, r"^split\.embargo_days: 91 of the 90 days"),
        ({"kind": "holdout", "cycles": 3}, {}, r"^split\.cycles: no such setting of holdout"),
    ],
)
def test_cycles_that_cannot_be_are_one_line(
    split: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    """The setting, what came, and the cure."""
    with pytest.raises(ConfigError, match=said):
        settings(split, **changes)
