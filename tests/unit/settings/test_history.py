"""A setting that is new and at its default renames nothing; a new meaning renames what it is of."""

from typing import Any

import pytest
from pydantic import Field

from quantamm_cli.config.components import load_components, load_strategies
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.composed import Composed
from quantamm_cli.config.read import read_settings
from quantamm_cli.settings import history
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.history import Change, current, older, since
from quantamm_cli.settings.objective import Objective
from quantamm_cli.settings.run import Train

RUNS = ["pool/rule/momentum", "pool/temporal", "fees/flat", "fit/adamw", "data/synthetic"]
RUNS += ["metric/daily_log_sharpe", "practice/historic", "split/holdout", "trades/none"]
COMPETITIONS = ["market/lognormal", "strategy/fixed_fee"]
load_components()
load_strategies()
WORDS = ("fees=flat", "fees.fee=0.003")


@pytest.fixture(autouse=True)
def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for group, kinds in REGISTER.items():
        monkeypatch.setitem(REGISTER, group, dict(kinds))


def train(*words: str) -> Train:
    return read_settings(Train, Composer("train", (*WORDS, *words)).tree())


def compete(*words: str) -> Compete:
    overrides = ("strategies=[fixed_20,fixed_fee]", *words)
    return Composed(Composer("compete", overrides).tree(), overrides).read_competition()


def composed(where: str, *words: str) -> Train | Compete:
    return compete(*words) if where in COMPETITIONS else train(*words)


def later(where: str) -> None:
    """Register a class that has a setting more, with a default."""
    group, _, kind = where.rpartition("/")

    class Later(REGISTER[group][kind], kind=kind):  # type: ignore[misc]
        inert: float = Field(0.5, description="new", json_schema_extra=since(2))


def place(settings: Any, where: str) -> Any:
    """The component of settings."""
    if where == "strategy/fixed_fee":
        return settings.strategies[1].strategy
    group = where.rpartition("/")[0]
    for name in group.split("/"):
        settings = getattr(settings, name)
    return settings


@pytest.mark.parametrize("where", RUNS + COMPETITIONS)
def test_a_new_setting_at_its_default_renames_nothing(where: str) -> None:
    before = composed(where).fingerprint
    later(where)
    now = composed(where)
    assert place(now, where).inert == 0.5
    assert "inert" not in plain(place(now, where))
    assert now.fingerprint == before


@pytest.mark.parametrize("where", RUNS)
def test_a_new_setting_away_from_its_default_is_another_run(where: str) -> None:
    before = composed(where).fingerprint
    later(where)
    dotted = where.rpartition("/")[0].replace("/", ".")
    now = composed(where, f"+{dotted}.inert=0.25")
    assert plain(place(now, where))["inert"] == 0.25
    assert now.fingerprint != before


def test_of_settings_that_are_no_component_too() -> None:
    class Later(Objective):
        inert: int | None = Field(None, json_schema_extra=since(2))

    assert plain(Later()) == plain(Objective())
    assert plain(Later(inert=3)) == plain(Objective()) | {"inert": 3}


@pytest.mark.parametrize("where", RUNS + COMPETITIONS)
def test_a_new_meaning_is_another_run(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    group, _, kind = where.rpartition("/")
    before = composed(where).identity()
    monkeypatch.setattr(REGISTER[group][kind], "meaning", 2)
    now = composed(where).identity()
    assert now != before
    root = "compete" if where in COMPETITIONS else "train"
    (mark,) = older(before, root)
    assert (mark.where, mark.meaning, mark.now) == (where, 1, 2)
    assert older(now, root) == ()


def test_a_metric_that_is_only_named_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before, other = train("split.selection_metric=calmar").fingerprint, train().fingerprint
    monkeypatch.setattr(REGISTER["metric"]["calmar"], "meaning", 2)
    assert train("split.selection_metric=calmar").fingerprint != before
    assert train().fingerprint == other


def test_a_setting_left_out_has_the_default_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    where = "pool/rule/momentum"
    changes = (
        Change(3, where, 2, "a longer default", {"inert": 0.5}),
        Change(4, where, 3, "a still longer default", {"inert": 1.0}),
        Change(4, "fit/adamw", 2, "clips", {"clip": 9.0}),
    )
    monkeypatch.setattr(history, "CHANGES", changes)
    stored = {"pool": {"kind": "temporal", "rule": {"kind": "momentum"}}, "meanings": {"a/b": 2}}
    opened = {number: current(stored, "train", number) for number in (1, 2, 3, 4)}
    assert [opened[number]["pool"]["rule"].get("inert") for number in (1, 2, 3, 4)] == [
        0.5,
        0.5,
        1.0,
        None,
    ]
    assert all(tree.keys() == {"pool"} for tree in opened.values())
    assert stored["pool"]["rule"] == {"kind": "momentum"}, "what is stored was changed"
    newer = {"pool": {"kind": "temporal", "meaning": 2, "rule": {"kind": "momentum", "inert": 7}}}
    assert current(newer, "train", 1)["pool"] == {
        "kind": "temporal",
        "rule": {"kind": "momentum", "inert": 7},
    }


def test_the_mark_says_what_changed_since(monkeypatch: pytest.MonkeyPatch) -> None:
    where = "metric/sharpe"
    changes = (Change(2, where, 2, "a year has 365 days"), Change(3, where, 3, "less cash"))
    monkeypatch.setattr(history, "CHANGES", changes)
    (mark,) = older({"metric": {"kind": "sharpe", "meaning": 2}}, "train")
    assert str(mark) == "older definition: metric/sharpe has meaning 2, now 3: less cash"
    (mark,) = older({}, "train", metrics=["sharpe", "calmar"])
    assert mark.what == ("a year has 365 days", "less cash")
    assert older({}, "train", ["sharpe"], {where: 3}) == ()


def test_no_kind_is_of_two_groups_within_each_other() -> None:
    """A stored node is known by its kind and by a word of its place."""
    for outer in REGISTER:
        for inner in REGISTER:
            if inner.startswith(f"{outer}/"):
                assert not REGISTER[outer].keys() & REGISTER[inner].keys()
