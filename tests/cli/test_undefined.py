"""Numbers that do not exist: refused before prices are read where a setting says so, ``null`` with
a reason where the data do, and never printed.
"""

import json
import shutil
import warnings
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import METRIC, TOY, Answer, Call

START = int(np.datetime64("2021-01-03", "s").astype(int))
MINUTES = 26 * 1440
NOWHERE = ("data=csv", "data.dir=nowhere")
"""Prices that are not there: who reads them exits with 3."""
STILL = (*TOY, "data=csv", "data.dir=prices")


def write_prices(folder: Path, **columns: np.ndarray) -> None:
    """CSV files of the minutes that the toy reads."""
    folder.mkdir(exist_ok=True)
    unix = START + 60 * np.arange(MINUTES)
    for token, closes in columns.items():
        lines = map("{},{!r}".format, unix.tolist(), np.asarray(closes, float).tolist())
        (folder / f"{token}_USD.csv").write_text("\n".join(["unix,close", *lines]) + "\n")


SHORT = {
    "a metric of months on windows of 11 days": (
        ["train", "metric=sterling"],
        "metric: sterling needs 30 days, but a training window has 11 days and 1152 minutes",
    ),
    "parts of 100 minutes": (
        ["train", "objective.periods=100"],
        "objective.periods: daily_log_sharpe needs 2 days and 1 minute, but each of 100 parts",
    ),
    "a validation of two days": (
        ["train", "split.validation_fraction=0.125"],
        "metric: daily_log_sharpe needs 2 days and 1 minute, but the validation period has 2 days;",
    ),
    "another metric to select by": (
        ["train", "split.selection_metric=ulcer"],
        "split.selection_metric: ulcer needs 30 days, but the validation period has 3 days",
    ),
    "a rule that looks at the test": (
        ["train", "--load", "best_test", "test_end=2021-01-25"],
        "metric: daily_log_sharpe needs 2 days and 1 minute, but the test period has 1 day",
    ),
    "a rule with a minimum on the test": (
        ["train", "--load", "best_train_min_test", "test_end=2021-01-25"],
        "the test period has 1 day; take a later test_end",
    ),
    "cycles that train too short": (
        ["train", "split=walk_forward", "split.cycles=1", "metric=weekly_rovar_trad"],
        "metric: weekly_rovar_trad needs 21 days, but a training window has",
    ),
    "a study of such trainings": (
        ["tune", "space=none", "space.fit.learning_rate=[0.01,1,log]", "metric=sterling"],
        "metric: sterling needs 30 days, but a training window",
    ),
    "a study with such a score": (
        [
            *("tune", "space=none", "space.fit.learning_rate=[0.01,1,log]"),
            "study.objective=test.weekly_raroc",
        ],
        "study.objective: weekly_raroc needs 7 days, but the test period has 4 days",
    ),
    "a grid ordered by it": (
        ["simulate", "grid.k_per_day=[1,100,3,log]", "metric=monthly_rovar"],
        "metric: monthly_rovar needs 30 days, but 2021-01-08 to 2021-01-24 has 16 days",
    ),
}


@pytest.mark.parametrize("words", SHORT)
def test_what_cannot_exist_is_refused_before_prices_are_read(
    words: str, tmp_path: Path, call: Call
) -> None:
    """What is needed and what there is, exit 2; a dry run says the same, and nothing is written."""
    (command, *rest), said = SHORT[words]
    answers = [call(command, *TOY, *NOWHERE, *rest, *dry) for dry in ((), ("--dry-run",))]
    for answer in answers:
        answer.one_line(2, said)
    assert answers[0].err == answers[1].err
    assert not list(tmp_path.iterdir())


RISKLESS = ("scoring.riskless=cash", "tokens=[BTC,ETH]")
FEES = ("fees=recorded", "fees.file=wrong.csv")
WRONG_FILES = {
    "wrong.csv": "unix,fe\n1609459200,0.1\n",
    "two.csv": "unix,BTC,ETH\n1577836800,0.1,0.1\n",
    "late.csv": "unix,value\n1611187200,0.1\n",
    "BTC_USD.csv": "unix,close\n1609459200,1\n1609459260,1\n",
    "BTC2_USD.csv": "unix,close\n1609459200,1\n1609459260,1\n",
}
WRONG = {
    "a parameter that the pool lacks": ["train", "params.k_per_dya=3"],
    "its raw form and its readable one": ["train", "params.log_k=1", "params.k_per_day=3"],
    "a parameter of too many numbers": ["train", "params.k_per_day=[1,2,3,4,5]"],
    "a parameter out of its domain": ["train", "params.memory_days=-1"],
    "more windows than starts": ["train", "split.bout_offset=3", "fit.batch_size=8"],
    "a pool without parameters": ["train", "pool=hodl"],
    "nothing that optuna could search": ["train", "pool=balancer", "fit=optuna"],
    "a rule that does not exist": ["train", "--load", "best_vaildation"],
    "prices without a folder": ["train", "data=csv"],
    "other paths and fees that change": [
        *("train", "practice=monte_carlo", "fees=recorded", "fees.file=fees.csv"),
    ],
    "supplied paths without files": ["train", "practice=supplied", "practice.dirs=[paths]"],
    "dates before the prices": ["train", "start=2019-01-08", "end=2019-01-24"],
    "more burn-in than there is": ["train", "data.burn_in_days=300"],
    "cycles that cannot begin": ["train", "split=walk_forward", "split.cycles=1", "params.kk=1"],
    "a simulation's parameter": ["simulate", "params.k_per_dya=3"],
    "a simulation's dates": ["simulate", "start=2019-01-08", "end=2019-01-24"],
    "a simulation's prices": ["simulate", "data=parquet"],
    "a grid's axis": ["simulate", "grid.k_per_dya=[1,2,3]"],
    "a grid's numbers": ["simulate", "grid.k_per_day=[3,1,2]"],
    "a point of a grid": ["simulate", "grid.fees.fee=[0,2,3]", "fees=flat"],
    "a parameter that a grid varies": ["simulate", "grid.k_per_day=3", "params.k_per_day=1"],
    "a study's base": [
        *("tune", "space=none", "space.fit.learning_rate=[0.01,1,log]"),
        "params.k_per_dya=3",
    ],
    "a study's prices": [
        *("tune", "space=none", "space.fit.learning_rate=[0.01,1,log]", "data=csv", "data.dir=."),
        "tokens=[BTC,ETH]",
    ],
    "a file of fees that is not there": ["train", "fees=recorded", "fees.file=fees.csv"],
    "a file of trades without a column": [
        *("simulate", "trades=recorded", "trades.file=wrong.csv"),
    ],
    "a folder that is not there": ["train", "data=parquet", "data.dir=nowhere"],
    "a token without a file": ["simulate", "data=csv", "data.dir=.", "tokens=[BTC,ETH]"],
    "dates after the files": ["train", *("data=csv", "data.dir=.", "tokens=[BTC,BTC2]")],
    "a series without a token": ["simulate", *RISKLESS, "data.series.cash=wrong.csv"],
    "a riskless rate for each token": ["simulate", *RISKLESS, "data.series.cash=two.csv"],
    "a series that begins later": ["simulate", *RISKLESS, "data.series.cash=late.csv"],
    "a run that is not there": [
        *("simulate", "pool=given", "data.series.weights=abcdef0123"),
    ],
    "a cycle's fees": ["train", "split=walk_forward", "split.cycles=1", *FEES],
    "one strategy to decide between": [
        *("compete", "--until-decided", "strategies=[fixed_fee]"),
    ],
}


@pytest.mark.parametrize("words", WRONG)
def test_a_dry_run_refuses_what_the_run_would(words: str, tmp_path: Path, call: Call) -> None:
    """The same line and exit code, whatever is wrong."""
    command, *rest = WRONG[words]
    for name, text in WRONG_FILES.items():
        (tmp_path / name).write_text(text)
    base = TOY if command != "compete" else ()
    real, dry = (call(command, *base, *rest, *more) for more in ((), ("--dry-run",)))
    assert real.code in (2, 3), real
    dry.one_line(real.code)
    assert dry.err.splitlines()[-1] == real.err.splitlines()[-1]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was trained, with a warning, on prices that stand still."""
    folder = tmp_path_factory.mktemp("still")
    write_prices(folder / "prices", BTC=np.full(MINUTES, 4e4), ETH=np.full(MINUTES, 2e3))
    answer = toy.call("train", *STILL, "--json", folder=folder)
    assert answer.code == 0, answer.err
    (folder / "err.txt").write_text(answer.err)
    (folder / "answer.json").write_text(answer.out)
    return folder


def test_a_training_without_one_defined_score_ends_as_any_other(still: Path) -> None:
    """No divergence, no set drawn anew, no step: each window is counted, and the last step is
    chosen, which a warning says. Numbers are ``null``, each with its reason.
    """
    told, err = json.loads((still / "answer.json").read_text()), (still / "err.txt").read_text()
    assert told["selection"]["load"] == "last" and "redrawn" not in told
    assert "does not exist on the validation period at any step" in err
    assert "daily_log_sharpe does not exist on up to 2 of 2 windows" in err
    first, *entries = toy.history(still)
    for entry in entries:
        assert entry["objective"] == [None, None] and entry["undefined"] == [2, 2]
        assert entry["params"] == first["params"] and "redrawn" not in entry
        assert entry["metrics"]["validation"][METRIC] == [None, None]
        assert entry["metrics"]["validation"]["returns"] == [0, 0]
    for period in ("train", "validation", "test"):
        scores = told["metrics"][period]
        for name, score in scores.items():
            assert (score is None) == (f"{period}.{name}" in told["undefined"]), name
        assert told["undefined"][f"{period}.{METRIC}"] == "the daily returns do not vary"
        assert told["undefined"][f"{period}.calmar"] == "there is no drawdown"
        assert scores["returns"] == scores["daily_volatility"] == 0
    assert told["undefined"]["test.ulcer"] == "needs 30 days, got 4 days"


def test_it_opens_with_the_last_step_and_with_none_that_a_metric_chose(
    still: Path, tmp_path: Path
) -> None:
    """``--load last`` always; a best step there is none, and who asks for one is told."""
    shutil.copytree(still, tmp_path, dirs_exist_ok=True)
    call = partial(toy.call, folder=tmp_path)
    for words in ((), ("--load", "last")):
        answer = call("evaluate", *STILL, *words, "--json")
        assert ("the last step is selected" in answer.err) == (not words)
        told = answer.json
        assert told["selection"] == {"load": "last", "step": 6, "set": 0}
        assert told["metrics"]["test"][METRIC] is None
        assert told["undefined"][f"test.{METRIC}"] == "the daily returns do not vary"
    for rule in ("best_validation", "best_train", "best_objective", "best_test"):
        call("evaluate", *STILL, "--load", rule).one_line(2, f"{rule}: no step has a finite score")
    shown = call("train", *STILL)
    assert shown.code == 0 and " – " in shown.out and "nan" not in shown.out
    assert "yearly numbers of less than 30 days: train (12.8 days)" in shown.out


def test_windows_on_which_the_metric_exists_train_alone(tmp_path: Path, call: Call) -> None:
    """Prices that only rise, but for the last days of the training: windows without a losing day
    are left out and counted; a set moves unless all are.
    """
    random = np.random.Generator(np.random.PCG64(0))
    moves = np.full((MINUTES, 2), [1e-5, 2e-5])
    rough = slice(11 * 1440, None)
    moves[rough] += 1e-3 * random.standard_normal((MINUTES, 2))[rough]
    paths = np.exp(np.cumsum(moves, axis=0))
    write_prices(tmp_path / "prices", BTC=paths[:, 0], ETH=paths[:, 1])
    words = ("metric=daily_sortino", "split.bout_offset=14400", "fit.batch_size=6")
    words = (*words, "split.selection_metric=returns")
    told = call("train", *STILL, *words, "fit.steps=4", "--json").json
    entries = toy.history(tmp_path)
    counts = [entry["undefined"] for entry in entries]
    assert {6} < {count for row in counts for count in row} and max(map(max, counts)) == 6, counts
    for before, after in pairwise(entries):
        for one, count in enumerate(before["undefined"]):
            assert (before["objective"][one] is None) == (count == 6)
            same = before["params"]["log_k"][one] == after["params"]["log_k"][one]
            assert same == (count == 6)
    assert told["selection"]["load"] == "best_validation"


NOT_FINITE = {
    "a value beyond float32": (["precision=float32", "initial_pool_value=1e39"], 2, "initial_pool"),
    "a value below doubles": (["initial_pool_value=5e-324"], 2, "initial_pool_value: 4.94066e-324"),
    "reserves below doubles": (["initial_reserves=[1e-320,1e-320]"], 2, "initial_reserves: 9.99"),
    "a parameter beyond float32": (
        ["precision=float32", "params.k_per_day=1e300"],
        2,
        "params.k_per_day: 1e+300 is beyond the largest number of precision=float32, 3.4e+38",
    ),
    "a raw parameter beyond doubles": (["params.log_k=5000"], 2, "params.k_per_day: inf is beyond"),
    "a memory beyond doubles": (["params.memory_days=1e300"], 2, "params.memory_days: 1e+300"),
    "a friction beyond float32": (
        ["fees=flat", "fees.gas_cost=1e39", "precision=float32"],
        2,
        "fees.gas_cost: 1e+39 is beyond",
    ),
    "a price that is next to nothing": (
        ["data=csv", "data.dir=prices"],
        5,
        "pool: the reserve of ETH is not finite from 2021-01-08 on (minute 0 of 23040)",
    ),
}


@pytest.mark.parametrize("words", NOT_FINITE)
def test_what_is_not_finite_is_no_result(words: str, tmp_path: Path, call: Call) -> None:
    """Exit 2 where the setting alone says so, else 5 with the first minute and quantity; one line,
    and no warning of NumPy before it.
    """
    settings, code, said = NOT_FINITE[words]
    if code == 5:
        write_prices(tmp_path / "prices", BTC=np.ones(MINUTES), ETH=np.full(MINUTES, 5e-324))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for command in ("simulate",) if code == 5 else ("simulate", "train"):
            answer: Answer = call(command, *TOY, *settings)
            answer.one_line(code, said)
            assert "Warning" not in answer.err
            assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").rglob("*.npz"))


def test_a_point_of_a_grid_that_is_lost_has_no_score(tmp_path: Path, call: Call) -> None:
    """Its numbers are ``null`` and say why; if all are lost, it ends with 5."""
    prices: dict[str, Any] = {"BTC": np.ones(MINUTES), "ETH": np.linspace(1, 2, MINUTES)}
    write_prices(tmp_path / "prices", **prices)
    words = (*STILL, "grid.initial_pool_value.choices=[1,1e308]", "precision=float64")
    told = call("simulate", *words, "metric=returns", "--json")
    assert told.code == 0, told.err
    assert all("metrics" in point for point in told.json["grid"])
    prices["ETH"] = np.full(MINUTES, 5e-324)
    write_prices(tmp_path / "prices", **prices)
    call("simulate", *words, "metric=returns").one_line(5, "not finite at any point")
