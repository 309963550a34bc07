"""``--by METRIC``: any rule by any metric, out of every step of a run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import RULES, TOY, Call

from quantamm_cli import compose, evaluate, simulator
from quantamm_cli.engine import objective
from quantamm_cli.store.inputs import Inputs
from quantamm_cli.workflows import inputs

STORED, COMPUTED = "returns_over_hodl", "calmar"
PERIODS = {
    "train": (0, toy.TRAIN),
    "validation": (toy.TRAIN, toy.ROWS),
    "test": (toy.ROWS, toy.ROWS + toy.TEST),
}


def calmar(value: np.ndarray) -> float:
    """The yearly return over the deepest drawdown."""
    deepest = (1 - value / np.maximum.accumulate(value)).max()
    return ((value[-1] / value[0]) ** (365 * 1440 / len(value)) - 1) / deepest


@pytest.fixture(scope="module")
def entries(finished: Path) -> list[dict[str, Any]]:
    """The history with the Calmar ratio of every set, from a simulation of each."""
    words = [word for word in TOY if not word.startswith(("end=", "test_end=", "split.", "fit."))]
    run = simulator(compose("simulate", *words, "end=2021-01-28"))
    history = toy.history(finished)
    for entry in history:
        for scores in entry["metrics"].values():
            scores[COMPUTED] = []
        for number in range(2):
            params = {name: sets[number] for name, sets in entry["params"].items()}
            value = np.asarray(run(params).value)
            for period, (first, last) in PERIODS.items():
                entry["metrics"][period][COMPUTED].append(calmar(value[first:last]))
    return history


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Step and set that a rule chooses by a metric, the slow and plain way; and those that have the
    same score but for rounding, which is another in the program that scores all steps at once.
    """

    def chosen(entries: list[dict[str, Any]], rule: str, metric: str) -> list[tuple[int, int]]:
        monkeypatch.setattr(toy, "METRIC", metric)
        best = toy.chosen(entries, rule)
        if best is None:
            return []
        period = rule.removeprefix("best_").partition("_min_")[0]
        if period not in PERIODS:
            return [best]
        alike = pytest.approx(score(entries, best, period, metric), rel=1e-9, nan_ok=True)
        places = [(entry["step"], number) for entry in entries for number in range(2)]
        return [each for each in places if score(entries, each, period, metric) == alike]

    return chosen


def score(entries: list[dict[str, Any]], place: tuple[int, int], period: str, metric: str) -> float:
    step, number = place
    return float(entries[step]["metrics"][period][metric][number])


def name(folder: Path) -> str:
    return toy.checkpoint(folder).stem


def place(selection: dict[str, Any]) -> tuple[int, int]:
    return selection["step"], selection["set"]


def test_every_rule_takes_any_metric_out_of_all_steps(
    trained: Path, call: Call, entries: list[dict[str, Any]], by: Any
) -> None:
    """One that training stored, and one that is computed from the parameters of every step; a
    selection is not among the few entries of the checkpoint.
    """
    steps = set()
    for metric in (STORED, COMPUTED):
        shown = call("runs", "show", name(trained), "--by", metric, "--json").json["selections"]
        assert set(shown) == {rule for rule in RULES if by(entries, rule, metric)}
        for rule, choice in shown.items():
            assert place(choice) in by(entries, rule, metric), rule
            assert choice["metric"] == metric
            row = entries[choice["step"]]["metrics"]
            for period, score in choice["scores"].items():
                assert score == pytest.approx(row[period][metric][choice["set"]], rel=1e-9)
            steps.add(choice["step"])
    assert steps - {entry["step"] for entry in toy.document(trained)["entries"]}


def test_every_command_that_loads_takes_it(
    trained: Path, call: Call, entries: list[dict[str, Any]], by: Any
) -> None:
    """Evaluate, simulate, export, a warm start, training, and Python choose the same set; the
    setting ``split.selection_metric`` of a stored run means the same.
    """
    run = ("--run", name(trained))
    words = (("--by", COMPUTED), (f"split.selection_metric={COMPUTED}",))
    best = place(call("evaluate", *run, *words[0], "--json").json["selection"])
    assert best in by(entries, "best_validation", COMPUTED)
    for asked in words:
        for command in ("evaluate", "simulate"):
            told = call(command, *run, *asked, "--json").json
            assert place(told["selection"]) == best
            assert told["selection"]["by"] == COMPUTED
    files = call("evaluate", *run, *words[0], "--json").json["files"]
    assert Path(files["trajectory"]).parent.name == f"best_validation-{best[0]}-{best[1]}"
    told = call("export", run[1], *words[0], "--json").json
    assert place(told["selection"]) == best
    told = call("train", *TOY, *words[0], "--json").json
    assert (told["status"], place(told["selection"])) == ("reused", best)
    start = call("train", *run, *words[0], "fit.steps=7", "--dry-run", "--json").json
    assert place(start["settings"]["warm_start"]) == best
    told = evaluate(name(trained), runs_dir=str(trained / "runs"), by=COMPUTED).chosen.selected
    assert (told.step, told.set, told.by) == (*best, COMPUTED)
    plain = call("evaluate", *TOY, "--json").json["selection"]
    assert "by" not in plain


def test_scores_are_computed_once(
    trained: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And again if their file is damaged, or of fewer steps."""
    words = ("runs", "show", name(trained), "--by", "sterling", "--json")
    first = call(*words).json["selections"]
    path = trained / "runs" / name(trained) / "scores.npz"
    stored = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(objective, "period_scores", None)
        assert call(*words).json["selections"] == first
        assert call(*words[:3], "--by", "ulcer").code == 0
    path.write_bytes(stored[:500])
    assert call(*words).json["selections"] == first
    assert path.read_bytes() == stored
    assert call("runs", "verify").code == 0


def test_what_cannot_be_selected_is_one_line(
    trained: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ("evaluate", "--run", name(trained))
    call(*run, "--by", "calmarr").one_line(2, "--by: no metric", "did you mean 'calmar'")
    setting = "split.selection_metric=ulcer"
    call(*run, "--by", "calmar", setting).one_line(2, "is ulcer, but --by is calmar")
    call(*run, "split.selection_metric=ulcr").one_line(2, "split.selection_metric: no metric")
    call("simulate", "--by", "calmar").one_line(2, "--by: needs --run RUN")
    with monkeypatch.context() as patch:
        other = Inputs("0" * 64, {"prices": "0" * 64})
        patch.setattr(inputs, "inputs_of", lambda *_: other)
        call("export", name(trained), "--by", "calmar").one_line(
            3, "made from other prices", "calmar is not in the history, which has annualised"
        )
        call("export", name(trained), "--by", STORED).one_line(3, "other data: prices")
        assert call("export", name(trained), "--by", STORED, "--other-data").code == 0
    history = toy.checkpoint(trained).with_suffix("") / "history.jsonl"
    shutil.copy(history, trained / "history.jsonl")
    history.write_text("".join(history.read_text().splitlines(True)[:3]))
    call(*run, "--by", STORED).one_line(4, "was cut or altered: intact up to step 2")
    assert json.loads(call(*run, "--json").out)["selection"]


TOO_SHORT = "--by: sterling needs 30 days, but the validation period has "


def test_a_metric_that_cannot_exist_there_selects_nothing(trained: Path, call: Call) -> None:
    """Refused by every command that loads, and before a training; a rule over another period is
    refused for that one.
    """
    run, by = ("--run", name(trained)), ("--by", "sterling")
    for words in (("evaluate", *run), ("simulate", *run, "end=2021-01-10"), ("export", run[1])):
        call(*words, *by).one_line(2, TOO_SHORT)
    call("report", run[1], *by).one_line(2, TOO_SHORT)
    call("train", *run, *by, "fit.seed=5").one_line(2, TOO_SHORT)
    call("train", *toy.TOY, "fit.seed=5", *by).one_line(2, TOO_SHORT)
    call("evaluate", *run, "split.selection_metric=sterling").one_line(2, TOO_SHORT)
    call("evaluate", *run, *by, "--load", "best_test").one_line(2, "but the test period has 4 days")
    assert call("evaluate", *run, *by, "--load", "last").code == 0
