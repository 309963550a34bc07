"""``scoring``: of what scores are, and above which rate; and the signs of what is shown."""

from pathlib import Path

import pytest
import toy
from toy import Call

from quantamm_cli.metrics import METRICS
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.signs import NEGATED, shown, signs
from quantamm_cli.settings.types import minute

DATES = ("tokens=[BTC,ETH]", "start=2021-01-08", "end=2021-01-12", "data.burn_in_days=5")
FEE = ("fees=recorded", "fees.fee=0.003")
DAY = 1440


def series(path: Path, column: str, *values: float) -> str:
    """A file whose values begin two days before the start and change in its first days."""
    start = minute("2021-01-08")
    stamps = [(start + DAY * day + 77 * (day > 0)) * 60_000 for day in (-2, 1, 2)]
    rows = [f"{stamp},{value}" for stamp, value in zip(stamps, values, strict=True)]
    path.write_text("\n".join([f"unix,{column}", *rows]) + "\n")
    return str(path)


def close(own: dict[str, float | None], other: dict[str, float | None]) -> None:
    """Metrics that agree to rounding, and are undefined alike."""
    there = {name: value for name, value in other.items() if value is not None}
    assert own.keys() == other.keys()
    assert {name: own[name] for name in there} == pytest.approx(there, rel=1e-7, abs=1e-9)
    assert not any(own[name] for name in other.keys() - there.keys())


def test_deposits_are_no_return(call: Call, tmp_path: Path) -> None:
    """A file with a supply has the scores of one without it, of the pool and of every benchmark;
    what the pool holds at the end has the deposits.
    """
    supply = series(tmp_path / "supply.csv", "lp_supply", 5, 40, 10)
    fee = series(tmp_path / "fee.csv", "fee", 0.003, 0.003, 0.003)
    run = ("simulate", "pool=balancer", *DATES, *FEE)
    without = call(*run, f"fees.file={fee}", "--json").json
    grows = call(*run, f"fees.file={supply}", "--json").json
    pool = call(*run, f"fees.file={supply}", "scoring.per=pool", "--json").json
    close(grows["metrics"], without["metrics"])
    for name, scores in without["benchmarks"].items():
        close(grows["benchmarks"][name], scores)
    assert grows["final"]["value"] == pytest.approx(2 * without["final"]["value"], rel=1e-9)
    assert pool["metrics"]["returns"] == pytest.approx(1 + 2 * without["metrics"]["returns"])
    assert pool["final"] == grows["final"]
    assert grows["fingerprint"] == without["fingerprint"], "files are no part of it"
    assert pool["run"] != grows["run"]
    table = call(*run, f"fees.file={supply}").out
    assert "scores of a share of the pool; HODL holds what a share of the pool holds" in table


def test_defaults_rename_nothing(call: Call) -> None:
    run = ("simulate", "pool=balancer", *DATES, "--dry-run", "--json")
    usual = call(*run).json
    for words in (("scoring.riskless=0",), ("scoring.per=share",), ("scoring.riskless=0.0",)):
        assert call(*run, *words).json["fingerprint"] == usual["fingerprint"]
    assert "scoring" not in usual["settings"]
    for word in ("scoring.riskless=0.01", "scoring.per=pool"):
        other = call(*run, word).json
        assert other["fingerprint"] != usual["fingerprint"]
        assert other["settings"]["scoring"]


def test_a_rate_and_a_series_of_it_are_the_same(call: Call, tmp_path: Path) -> None:
    run = ("simulate", "pool=balancer", *DATES)
    zero = call(*run, "--json").json["metrics"]
    rate = call(*run, "scoring.riskless=0.3", "--json").json["metrics"]
    file = series(tmp_path / "cash.csv", "value", 0.3, 0.3, 0.3)
    given = ("scoring.riskless=cash", f"data.series.cash={file}")
    close(call(*run, *given, "--json").json["metrics"], rate)
    moved = {name for name in zero if zero[name] != rate[name] and zero[name] is not None}
    assert {"sharpe", "daily_sharpe", "daily_log_sharpe", "calmar"} <= moved
    assert not moved & {"returns", "returns_over_hodl", "daily_volatility", "max_drawdown"}
    assert rate["daily_log_sharpe"] < zero["daily_log_sharpe"]
    assert "riskless rate: 0.3 a year" in call(*run, "scoring.riskless=0.3").out
    nothing = series(tmp_path / "nothing.csv", "value", 0, 0, 0)
    none = call(*run, "scoring.riskless=none", f"data.series.none={nothing}", "--json").json
    assert none["metrics"] == zero, "to the bit"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("scoring.riskless=-1",), 2, "scoring.riskless: -1 is not above -1"),
        (("scoring.riskless=cash",), 2, "'cash' is neither a number nor a series"),
        (("scoring.per=token",), 2, "scoring.per: token is not one of share or pool"),
        (("scoring.risk=0",), 2, "scoring.riskless"),
        (("scoring.riskless=cash", "data.series.cash=FILE"), 3, "a rate of -1.5; expected one"),
        (("scoring.riskless=cash", "data.series.cash=TOKENS"), 3, "a column for each token"),
        (("grid.scoring.riskless.choices=[0,1]",), 2, "cannot vary in a grid"),
    ],
)
def test_what_is_no_rate_is_refused(
    words: tuple[str, ...], code: int, says: str, call: Call, tmp_path: Path
) -> None:
    files = {
        "FILE": series(tmp_path / "low.csv", "value", 0.1, -1.5, 0.1),
        "TOKENS": series(tmp_path / "tokens.csv", "BTC,ETH", "0.1,0.1", "0.1,0.1", "0.1,0.1"),
    }
    for name, file in files.items():
        words = tuple(word.replace(name, file) for word in words)
    answer = call("simulate", "pool=balancer", *DATES, *words)
    assert (answer.code, answer.out) == (code, "")
    assert says in answer.err.splitlines()[-1]
    assert answer.err.count("qsim simulate:") == 1


def test_metrics_that_are_minus_something_say_so() -> None:
    """Those whose summary begins with it, and no others."""
    kinds = REGISTER["metric"].items()
    minus = {name for name, cls in kinds if (cls.__doc__ or "").startswith("Minus")}
    assert minus == NEGATED
    assert signs(METRICS) == dict.fromkeys(METRICS.keys() & NEGATED, -1)
    assert str(shown("daily_beta", 0.0)) == "0.0"
    assert shown("validation.ulcer", -0.25) == 0.25
    assert (shown("ulcer", None), shown("validation.calmar", -1.0)) == (None, -1.0)


def test_tables_show_what_json_has_with_the_other_sign(call: Call) -> None:
    """A grid's table, and its order: the best is the least volatile."""
    run = ("simulate", "pool=balancer", *DATES, "metric=daily_volatility")
    grid = (*run, "grid.initial_pool_value.choices=[1e5,1e6]")
    answer = call(*grid, "--json").json
    scores = [point["metrics"]["daily_volatility"] for point in answer["grid"]]
    assert answer["signs"] == {"daily_volatility": -1}
    assert max(scores) < 0
    assert f"{-scores[0]:.6g}" in call(*grid).out
    assert f"{scores[0]:.6g}" not in call(*grid).out
    single = call(*run, "--json").json
    assert set(single["signs"]) == NEGATED
    assert single["metrics"]["daily_volatility"] < 0


def test_a_stored_run_shows_its_volatility_positive(call: Call) -> None:
    """Training, listing, showing and comparing; the checkpoint has the sign that trains."""
    toy_run = ("train", *toy.TOY, "metric=daily_volatility", "fit.steps=2")
    trained = call(*toy_run, "--json").json
    score = trained["metrics"]["validation"]["daily_volatility"]
    assert score < 0
    name = trained["run"][4:10]
    for words in (("runs", "list"), ("runs", "show", name), ("runs", "compare", name, name)):
        answer = call(*words)
        assert f" {-score:.4f}"[:-1] in answer.out, answer
        assert f"-{-score:.4f}"[:-1] not in answer.out, answer
    listed = call("runs", "list", "--json").json["runs"][0]
    assert listed["best"] == pytest.approx(score)


def test_an_exponent_below_one_is_shown_as_the_one_that_is_in_force(call: Call) -> None:
    """In the answer and in the table; raw it is what it was. And a memory beyond the longest."""
    run = ("simulate", "pool/rule=power_channel", *DATES)
    words = ("params.exponent=0.25", "params.memory_days=900")
    answer = call(*run, *words, "--json").json
    assert answer["params"]["readable"]["exponent"] == [1.0, 1.0]
    assert answer["params"]["readable"]["memory_days"] == [365.0, 365.0]
    assert max(answer["params"]["raw"]["sp_exponents"]) == pytest.approx(0.25 - 4)
    bounds = ("params.exponent=1", "params.memory_days=365")
    close(call(*run, *bounds, "--json").json["metrics"], answer["metrics"])
    table = call(*run, *words).out
    assert "exponent" in table
    assert "0.25" not in table
