"""``qsim evaluate``: by which rule, of which run, over which rows; the numbers,
made again from the trajectory.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from numpy.typing import NDArray
from toy import METRIC, RULES, TOY, Call

PERIODS = {
    "train": (0, toy.TRAIN),
    "validation": (toy.TRAIN, toy.ROWS),
    "test": (toy.ROWS, toy.ROWS + toy.TEST),
}
LATER = ("start=2021-01-09", "end=2021-01-25", "test_end=2021-01-29")


def arrays(told: Mapping[str, Any], folder: Path) -> dict[str, NDArray[Any]]:
    with np.load(folder / told["files"]["trajectory"], allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def scores(value: NDArray[Any], reserves: NDArray[Any], prices: NDArray[Any]) -> dict[str, float]:
    """Some metrics from their definitions."""
    days = np.diff(np.log(value[::1440]))
    ratio = value[-1] / value[0]
    return {
        "daily_log_sharpe": np.sqrt(365) * days.mean() / (days.std() + 1e-8),
        "returns": ratio - 1,
        "annualised_returns": ratio ** (525600 / (len(value) - 1)) - 1,
        "returns_over_hodl": value[-1] / (reserves[0] * prices[-1]).sum() - 1,
        "returns_over_uniform_hodl": ratio / (prices[-1] / prices[0]).mean() - 1,
        "greatest_draw_down": (value / np.maximum.accumulate(value)).min() - 1,
    }


def test_the_trajectory_is_one_row_a_minute_and_begins_at_start(finished: Path, call: Call) -> None:
    told = toy.call("evaluate", *TOY, "--load", "last", "--json", folder=finished).json
    path = arrays(told, finished)
    assert set(path) == {"unix", "prices", "weights", "reserves", "value"}
    rows = toy.ROWS + toy.TEST
    assert {name: (array.shape, array.dtype.str) for name, array in path.items()} == {
        "unix": ((rows,), "<i8"),
        "prices": ((rows, 2), "<f8"),
        "weights": ((rows, 2), "<f8"),
        "reserves": ((rows, 2), "<f8"),
        "value": ((rows,), "<f8"),
    }
    assert path["unix"][0] == np.datetime64("2021-01-08", "ms").astype(int)
    assert path["unix"][-1] == np.datetime64("2021-01-27T23:59", "ms").astype(int)
    assert set(np.diff(path["unix"])) == {60_000}
    assert path["value"] == pytest.approx((path["reserves"] * path["prices"]).sum(-1), rel=1e-12)
    assert path["weights"].sum(-1) == pytest.approx(1, abs=1e-12)
    assert path["value"][0] == pytest.approx(1e6, rel=1e-12)
    final = told["final"]
    assert final["value"] == path["value"][-1]
    assert final["weights"] == path["weights"][-1].tolist()
    assert final["reserves"] == path["reserves"][-1].tolist()


@pytest.mark.parametrize("period", PERIODS)
def test_a_period_is_scored_on_its_rows_of_the_continuous_run(period: str, finished: Path) -> None:
    told = toy.call("evaluate", *TOY, "--load", "best_train", "--json", folder=finished).json
    path, (first, last) = arrays(told, finished), PERIODS[period]
    expected = scores(*(path[name][first:last] for name in ("value", "reserves", "prices")))
    for name in (
        "returns",
        "annualised_returns",
        "returns_over_hodl",
        "returns_over_uniform_hodl",
        "daily_log_sharpe",
    ):
        assert told["metrics"][period][name] == pytest.approx(
            expected[name], rel=1e-9, abs=1e-12
        ), name
    held = path["reserves"][first] * path["prices"][first:last]
    hodl = scores(
        held.sum(-1),
        np.tile(path["reserves"][first], (last - first, 1)),
        path["prices"][first:last],
    )
    assert told["benchmarks"]["hodl"][period]["returns"] == pytest.approx(
        hodl["returns"], rel=1e-9, abs=1e-12
    )
    assert told["benchmarks"]["hodl"][period]["returns_over_hodl"] == pytest.approx(0, abs=1e-12)
    assert told["benchmarks"]["uniform_hodl"][period]["returns_over_uniform_hodl"] == pytest.approx(
        0, abs=1e-12
    )


def test_rows_may_be_written_more_rarely(trained: Path, call: Call) -> None:
    every = call("evaluate", *TOY, "--json").json
    full = arrays(every, trained)
    told = call("evaluate", *TOY, "output.every=60", "--json").json
    assert {name: len(array) for name, array in arrays(told, trained).items()} == dict.fromkeys(
        full, len(full["unix"]) // 60
    )
    assert all(
        np.array_equal(array, full[name][::60]) for name, array in arrays(told, trained).items()
    )
    assert told["metrics"] == every["metrics"]
    assert told["final"] == every["final"]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ("last", "best_objective")])
def test_the_long_names_of_the_reference_are_understood(rule: str, finished: Path) -> None:
    bar = ("--min", "-100")
    short = toy.call(
        "evaluate", *TOY, "--load", rule, *bar, "--dry-run", "--json", folder=finished
    ).json
    assert (
        toy.call(
            "evaluate",
            *TOY,
            "--load",
            f"{rule}_objective",
            *bar,
            "--dry-run",
            "--json",
            folder=finished,
        ).json
        == short
    )
    assert short["selection"]["load"] == rule


@pytest.mark.parametrize("rule", ["best_train_min_test", "best_test_min_train"])
def test_a_minimum_is_asked_of_the_whole_history(rule: str, finished: Path) -> None:
    entries = toy.history(finished)
    other = rule.rsplit("_", 1)[1]
    everything = sorted(score for entry in entries for score in entry["metrics"][other][METRIC])
    choices = set()
    for minimum in (everything[0], everything[len(everything) // 2], everything[-1]):
        told = toy.call(
            "evaluate",
            *TOY,
            "--load",
            rule,
            f"--min={minimum!r}",
            "--dry-run",
            "--json",
            folder=finished,
        ).json
        assert (told["selection"]["step"], told["selection"]["set"]) == toy.chosen(
            entries, rule, minimum
        )
        choices.add((told["selection"]["step"], told["selection"]["set"]))
    assert len(choices) > 1
    over = toy.call("evaluate", *TOY, "--load", rule, "--min", "1000", folder=finished)
    over.one_line(2, f"--load: {rule}: no step has a finite score at 1000 or above")


def test_a_run_may_be_named_by_its_digits_or_a_path(trained: Path, call: Call) -> None:
    path = toy.checkpoint(trained)
    digits = path.stem.removeprefix("run_")
    names = (
        digits[:6],
        digits,
        path.stem,
        path.name,
        f"runs/{path.name}",
        f"runs/{path.stem}",
        str(path),
    )
    answers = [call("evaluate", "--run", name, "--dry-run", "--json").json for name in names]
    for told in answers:
        assert told["run"] == path.stem
        assert told == answers[0]
    by_name = call("evaluate", "--run", digits[:6], "--json").json
    assert by_name["run"] == path.stem
    assert by_name["metrics"] == call("evaluate", *TOY, "--json").json["metrics"]


def test_overrides_go_on_top_of_a_named_run(trained: Path, call: Call) -> None:
    """And leave the trajectory of the run's own settings alone."""
    name = toy.checkpoint(trained).stem[4:12]
    own = call("evaluate", "--run", name, "--json").json
    before = (trained / own["files"]["trajectory"]).read_bytes()
    fees = call("evaluate", "--run", name, "fees=flat", "fees.fee=0.003", "--json").json
    assert (
        call("evaluate", "--run", name, "fees.fee=0.003", "fees=flat", "--json").json["metrics"]
        == fees["metrics"]
    )
    assert fees["run"] == own["run"]
    assert fees["selection"] == own["selection"]
    assert fees["params"] == own["params"]
    assert fees["metrics"]["test"]["returns"] != own["metrics"]["test"]["returns"]
    assert fees["metrics"]["train"]["fee_revenue_over_value"] > 0
    assert fees["files"]["trajectory"] != own["files"]["trajectory"]
    assert (trained / own["files"]["trajectory"]).read_bytes() == before
    later = call("evaluate", "--run", name, *LATER, "--json").json
    assert arrays(later, trained)["unix"][0] == np.datetime64("2021-01-09", "ms").astype(int)


def test_conf_does_not_go_with_a_named_run(trained: Path, call: Call) -> None:
    call("evaluate", "--run", toy.checkpoint(trained).stem, "conf=demo").one_line(
        2, "conf: cannot be combined with --run"
    )


def test_the_run_of_other_settings_is_not_taken(trained: Path, call: Call) -> None:
    call("evaluate", *TOY, "fit.seed=5").one_line(
        4, "has no run_", "train it first: qsim train with the same arguments"
    )


def test_there_is_nothing_to_evaluate_in_an_empty_folder(tmp_path: Path, call: Call) -> None:
    call("evaluate", *TOY).one_line(4, "no run_", "train it first")
    call("evaluate", "--run", "abcdef").one_line(4, "no run begins with abcdef", "qsim runs list")
    call("evaluate", "--run", "nonsense").one_line(4, "nonsense: is not a run")
    assert not list(tmp_path.iterdir())


def test_evaluating_does_not_touch_the_checkpoint(trained: Path, call: Call) -> None:
    before = toy.checkpoint(trained).read_bytes(), toy.essence(trained)
    for rule in ("last", "best_test"):
        assert call("evaluate", *TOY, "--load", rule).code == 0
    assert (toy.checkpoint(trained).read_bytes(), toy.essence(trained)) == before
    folders = {
        path.parent.name.split("-")[0] for path in (trained / "runs").glob("*/*/trajectory.npz")
    }
    assert folders >= {"last", "best_test", "best_validation"}


def test_tables_say_what_was_chosen_and_on_what(finished: Path) -> None:
    out = toy.call("evaluate", *TOY, "--load", "best_test", folder=finished).out
    assert "(chosen on the test period)" in out
    assert "test from 2021-01-24" in out
    assert "validation from 2021-01-20T19:12" in out
    assert "nan" not in out
