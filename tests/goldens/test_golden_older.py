"""Results of an older meaning open, are marked wherever they are shown, and are not renamed."""

from pathlib import Path

import pytest
import toy
from scene import PLAYED, SHORT, words
from scenes import FINISHED, SCENES, STOPPED, STUDY, WALK

from quantamm_cli.config.components import load_components, load_strategies
from quantamm_cli.settings import history
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.history import Change

load_components()
load_strategies()
WHAT = "a year has 366 days"
METRIC = "metric/daily_log_sharpe"
SAYS = f"older definition: {METRIC} has meaning 1, now 2: {WHAT}"


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every definition is the first one."""
    monkeypatch.setattr(history, "CHANGES", ())
    for kinds in REGISTER.values():
        for cls in kinds.values():
            monkeypatch.setattr(cls, "meaning", 1)


@pytest.fixture
def changed(unchanged: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with stored results, of which a metric and a strategy mean something else now."""
    SCENES["reading"].furnish(tmp_path)
    changes = (Change(1, METRIC, 2, WHAT), Change(1, "strategy/fixed_fee", 2, "other fees"))
    monkeypatch.setattr(history, "CHANGES", changes)
    monkeypatch.setattr(REGISTER["metric"]["daily_log_sharpe"], "meaning", 2)
    monkeypatch.setattr(REGISTER["strategy"]["fixed_fee"], "meaning", 2)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        f"runs show {FINISHED}",
        f"runs show {WALK}",
        f"runs show {STUDY}",
        f"runs compare {FINISHED} {STOPPED}",
        f"export {FINISHED}",
        f"evaluate --run {FINISHED} --load best_test",
    ],
)
def test_a_result_of_an_older_meaning_is_marked(command: str, changed: Path) -> None:
    shown = toy.call(*words(command), folder=changed)
    assert shown.code == 0, shown.err
    assert SAYS in shown.out
    answer = toy.call(*words(command), "--json", folder=changed).json
    (mark,) = (answer["runs"][0] if "compare" in command else answer)["older"]
    assert mark == {"where": METRIC, "meaning": 1, "now": 2, "what": [WHAT]}


def test_a_comparison_has_a_star_at_what_is_older(changed: Path) -> None:
    shown = toy.call("runs", "compare", FINISHED, STOPPED, folder=changed).out
    assert shown.count(f"{FINISHED}") == shown.count("*") / 2


def test_a_listing_marks_every_kind(changed: Path) -> None:
    shown = toy.call("runs", "list", folder=changed).out
    assert "older: a definition has changed since" in shown
    answer = toy.call("runs", "list", "--json", folder=changed).json
    for kind in ("runs", "walk_forwards", "studies", "competitions"):
        assert any("older" in each for each in answer[kind]), f"no mark in {kind}"
    assert shown.count(", older") == sum(
        "older" in each for kind, listed in answer.items() if kind != "command" for each in listed
    )


def test_a_competition_and_its_leaderboard_are_marked(changed: Path) -> None:
    says = "older definition: strategy/fixed_fee has meaning 1, now 2: other fees"
    assert says in toy.call("runs", "show", PLAYED, folder=changed).out
    ranked = toy.call("compete", "leaderboard", SHORT["RECEIPT"], folder=changed)
    assert says in ranked.out, ranked.err
    assert "*" in ranked.out


def test_a_receipt_of_an_older_meaning_is_not_played_as_if_it_were_the_same(changed: Path) -> None:
    answer = toy.call("compete", "--verify", SHORT["RECEIPT"], folder=changed)
    assert answer.code == 4
    assert "strategy/fixed_fee has meaning 1, now 2" in answer.err
    assert "check it with the version that wrote it" in answer.err


def test_the_same_words_are_a_new_run(changed: Path) -> None:
    answer = toy.call(*words("train $TINY --dry-run --json"), folder=changed).json
    assert answer["settings"]["metric"]["meaning"] == 2
    assert not list(changed.glob(f"runs/{answer['run']}*"))


def test_what_is_not_older_is_not_marked(unchanged: None, tmp_path: Path) -> None:
    SCENES["reading"].furnish(tmp_path)
    assert "older" not in toy.call("runs", "list", folder=tmp_path).out
    assert "older" not in toy.call("runs", "show", FINISHED, "--json", folder=tmp_path).json
