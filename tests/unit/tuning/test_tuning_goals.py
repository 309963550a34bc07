"""What the trials of a study are scored by: objectives, the gap, limits, and what is refused."""

import json
import math
from typing import Any

import pytest
from kinds import tree
from optuna_studies import study_of

from quantamm_cli.config.compose import Composer
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning.goals import Goal, Limit, NoScore, Target, goal
from quantamm_cli.tuning.objective import Mean, MeanMinusStd, Objective, Worst
from quantamm_cli.tuning.optuna import optuna

TREE = Composer("train").tree()
HOLDOUT = decode(Train, TREE)
WALK = decode(Train, TREE | {"split": tree("split", "walk_forward")})


def made(
    of: Any = "test.calmar",
    gap: float = 0.0,
    settings: Train = HOLDOUT,
    kind: type[Objective] = Mean,
    **limits: Any,
) -> Goal:
    return goal(kind(of=of), gap, limits, settings)


def cycle(train: float | None = 0.0, test: float | None = 0.0, **others: Any) -> Any:
    """The Calmar ratio on two periods, and other metrics in the test."""
    return {"train": {"calmar": train}, "test": {"calmar": test, **others}}


def test_the_default_is_what_selects_where_it_was_not_trained() -> None:
    """On validation, or training without one; on the test blocks of a walk-forward."""
    split = {"validation_fraction": 0.0, "selection_metric": "calmar"}
    alone = decode(Train, TREE | {"split": tree("split", "holdout", **split)})
    assert made(None).names == ("validation.daily_log_sharpe",)
    assert made(None, settings=alone).names == ("train.calmar",)
    assert made(None, settings=WALK).names == ("test.daily_log_sharpe",)


def test_one_or_several_objectives() -> None:
    """One by name or as a list of one: the same study."""
    assert made("validation.calmar").identity() == made(("validation.calmar",)).identity()
    two = made(("test.daily_cdar_95%", "test.max_drawdown"))
    assert two.targets == (Target("test", "daily_cdar_95%"), Target("test", "max_drawdown"))
    assert two.names == ("test.daily_cdar_95%", "test.max_drawdown")


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (("test.calmar", "test.returns", "test.calmar"), "test.calmar is named twice"),
        ((), "[] names nothing to maximise; expected PERIOD.METRIC"),
        ("test.calmer", "no metric is called 'calmer' (did you mean 'calmar'?); `qsim show"),
        ("test.", "no metric is called ''; `qsim show metrics` lists them"),
        (
            "calmar",
            "'calmar' is not PERIOD.METRIC, such as validation.daily_log_sharpe or test.returns "
            "(did you mean 'validation.calmar'?)",
        ),
        ("calmer", "test.returns (did you mean 'validation.calmar'?)"),
        ("validaton.calmar", "test.returns (did you mean 'validation.calmar'?)"),
        ("validation", "'validation' is not PERIOD.METRIC, such as"),
        ("2022.calmar", "'2022.calmar' is not PERIOD.METRIC, such as"),
    ],
)
def test_an_objective_that_cannot_be_is_one_line(of: Any, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(of)
    assert str(refused.value).startswith("study.objective: ")
    assert says in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("of", [1, True, [1], {"a": 1}, [["test.calmar"]]])
def test_what_is_no_name_is_refused_where_it_is_written(of: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"^study\.objective\.of: .* is not text \(PERIOD\.METRIC"
    ):
        decode(Worst, {"kind": "worst", "of": of}, "study.objective")


def test_a_period_that_the_settings_lack() -> None:
    without = decode(Train, TREE | {"test_end": None})
    with pytest.raises(ConfigError, match=r"'test.calmar': these settings have no test period"):
        made("test.calmar", settings=without)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (
            {"max_drawdwn": 0.2},
            "max_drawdwn: no metric is called 'max_drawdwn' (did you mean 'max_drawdown'?)",
        ),
        ({"turnover": math.inf}, "turnover: inf is not a finite number, the limit of turnover"),
        ({"turnover": math.nan}, "turnover: nan is not a finite number"),
        ({"turnover": True}, "turnover: True is not a finite number"),
        (
            {"test.turnover": 2.0},
            "test.turnover: a limit is on the period of the objective; write "
            "study.constraints.turnover=2.0",
        ),
    ],
)
def test_a_limit_that_cannot_be_is_one_line(limits: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(**limits)
    assert str(refused.value).startswith(f"study.constraints.{says}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("gap", [-1.0, math.inf, math.nan])
def test_a_penalty_that_cannot_be(gap: float) -> None:
    with pytest.raises(ConfigError, match=r"study\.gap_penalty: .* is not a finite number of at"):
        made(gap=gap)


def test_training_has_no_gap_to_itself() -> None:
    with pytest.raises(ConfigError, match=r"study\.gap_penalty: 0\.5 .* objective is train\.calm"):
        made(("test.calmar", "train.calmar"), 0.5)
    assert made("train.calmar").names == ("train.calmar",)


def test_the_penalty_is_on_the_mean_gap_and_never_a_reward() -> None:
    """Half of the gaps 2, 0 (better out of sample) and 1, of three cycles."""
    cycles = [cycle(3, 1), cycle(1, 4), cycle(2, 1)]
    assert made(gap=0.5).values(cycles) == (2 - 0.5 * 1,)
    assert made(gap=0.5, kind=Worst).values(cycles) == (1 - 0.5 * 1,)
    assert [made(gap=0.5).cycle_score(each) for each in cycles] == [(0,), (4,), (0.5,)]
    assert made().values(cycles) == (2,)


def test_each_objective_has_its_own_gap() -> None:
    scores = {"train": {"calmar": 4.0, "returns": 0.5}, "test": {"calmar": 1.0, "returns": 0.75}}
    assert made(("test.calmar", "test.returns"), 0.1).values([scores]) == (0.7, 0.75)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("period", ["train", "test"])
def test_what_does_not_exist_is_no_score(period: str, score: float | None) -> None:
    """Whichever cycle it is in; training counts where the gap does, and is not read elsewhere."""
    bad = cycle(**{period: score})
    with pytest.raises(NoScore, match=rf"^{period}\.calmar of cycle 2 is "):
        made(gap=1.0).values([cycle(), bad, cycle()])
    assert math.isnan(made(gap=1.0).cycle_score(bad)[0])
    read = math.isnan(made().cycle_score(bad)[0])
    assert read == (period == "test")
    with pytest.raises(NoScore, match=rf"^{period}\.calmar is "):
        made(gap=1.0).values([bad])


def test_a_score_that_is_missing_is_none() -> None:
    """Of a run of an older version, which has not the metric or the period."""
    with pytest.raises(NoScore, match=r"^test\.turnover is nan$"):
        made("test.turnover").values([cycle()])
    with pytest.raises(NoScore, match=r"^validation\.calmar is nan$"):
        made("validation.calmar").values([cycle()])


@pytest.mark.parametrize(
    ("metric", "score", "minutes", "why"),
    [
        ("calmar", math.nan, 9000, "there is no drawdown"),
        ("calmar", math.nan, 1, "needs 2 minutes, got 1 minute"),
        ("annualised_returns", math.inf, 1440, "is beyond 1e+12 as a yearly number of 1 day"),
    ],
)
def test_the_reason_is_that_of_the_metric(
    metric: str, score: float, minutes: int, why: str
) -> None:
    """A failure of the trial, with the code of a pool that diverged."""
    scores = {"test": {metric: score}}
    with pytest.raises(DivergedError) as refused:
        made(f"test.{metric}").values([scores], [{"test": (100, 100 + minutes)}])
    assert str(refused.value) == f"test.{metric} is {score} ({why})"


@pytest.mark.parametrize(
    ("limit", "text", "score", "violation"),
    [
        ({"max_drawdown": 0.25}, "max_drawdown <= 0.25", -0.5, 0.25),
        ({"max_drawdown": -0.25}, "max_drawdown <= 0.25", -0.5, 0.25),
        ({"max_drawdown": 0.25}, "max_drawdown <= 0.25", -0.25, 0),
        ({"daily_var_95%": 0.25}, "daily_var_95% <= 0.25", -0.125, -0.125),
        ({"turnover": 2}, "turnover <= 2", -3.0, 1),
        ({"daily_volatility": 0.5}, "daily_volatility <= 0.5", -0.25, -0.25),
        ({"daily_beta": -0.5}, "daily_beta <= -0.5", 0.25, 0.25),
        ({"daily_log_sharpe": 1}, "daily_log_sharpe >= 1", 0.5, 0.5),
        ({"returns": -0.25}, "returns >= -0.25", -0.125, -0.125),
        ({"returns": -0.25}, "returns >= -0.25", -0.25, 0),
    ],
)
def test_a_limit_has_the_sign_that_tables_show(
    limit: dict[str, float], text: str, score: float, violation: float
) -> None:
    """At most for risks and losses, whose stored scores are negative; else at least."""
    made_goal = made(**limit)
    (metric,) = limit
    assert list(map(str, made_goal.limits)) == [text]
    assert made_goal.violations([cycle(**{metric: score})]) == {metric: violation}


def test_a_loss_counts_in_its_worst_cycle_and_others_in_the_mean() -> None:
    limits = made(max_drawdown=0.25, turnover=2.0, returns=0.5)
    cycles = [
        cycle(max_drawdown=-0.125, turnover=-1.0, returns=1.0),
        cycle(max_drawdown=-0.5, turnover=-2.0, returns=-0.5),
    ]
    assert limits.violations(cycles) == {"max_drawdown": 0.25, "turnover": -0.5, "returns": 0.25}
    assert limits.violations(cycles[:1]) == {
        "max_drawdown": -0.125,
        "turnover": -1,
        "returns": -0.5,
    }


def test_a_limit_is_on_the_period_of_the_first_objective() -> None:
    of = ("validation.calmar", "test.calmar")
    assert made(of, turnover=2.0).limits == (Limit(Target("validation", "turnover"), 2.0),)


def test_a_limit_that_is_null_is_none() -> None:
    """So that a later file or word can take one back."""
    assert made(turnover=None, returns=0.5) == made(returns=0.5)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("metric", ["max_drawdown", "turnover", "returns"])
def test_a_limit_of_what_does_not_exist_is_violated(metric: str, score: float | None) -> None:
    """By infinity, in whichever cycle; never by NaN, which Optuna refuses."""
    limits = made(**{metric: 0.5})
    good, bad = cycle(**{metric: 0.0}), cycle(**{metric: score})
    assert limits.violations([good, bad]) == limits.violations([cycle()]) == {metric: math.inf}


@pytest.mark.parametrize("sampler", ["TPESampler", "NSGAIISampler"])
def test_optuna_takes_the_violations(sampler: str) -> None:
    """The best of those within the limits, none of those by infinity; samplers go on."""
    limits = made(max_drawdown=0.25)
    drawdowns = [-0.5, -0.25, math.nan, -0.125, -0.5, -0.5, math.nan, -0.375, -0.25, -0.5, -0.5]
    cycles = [cycle(max_drawdown=each) for each in drawdowns]
    scores = [[9.0], [1.0], [8.0], [2.0], *[[3.0 + index] for index in range(7)]]
    scores[8] = [1.5]
    study = study_of(scores, [limits.violations([each]) for each in cycles])
    assert study.best_trial.number == 3
    study.sampler = getattr(optuna.samplers, sampler)(seed=1)
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    assert 0 <= trial.params["x"] <= 1


def test_what_trials_need_is_known_before_any_runs() -> None:
    """With the setting that asks for it, for the refusal of a period that is too short."""
    readings = made(("test.calmar", "validation.returns"), 0.5, turnover=2.0).readings
    assert [(where, str(target)) for where, target in readings] == [
        ("study.objective", "test.calmar"),
        ("study.objective", "validation.returns"),
        ("study.gap_penalty", "train.calmar"),
        ("study.gap_penalty", "train.returns"),
        ("study.constraints.turnover", "test.turnover"),
    ]
    assert [reading.where for reading in made(None).readings] == ["metric"]
    components = made(("test.calmar", "test.returns"), 0.5, calmar=2.0, turnover=1.0).components
    assert components == ("metric/calmar", "metric/returns", "metric/turnover")


def test_identity_has_what_is_there() -> None:
    """Names in full; no penalty and no limits stay out; the order of limits does not matter."""
    assert made(None).identity() == {
        "objective": {"kind": "mean", "of": ["validation.daily_log_sharpe"]}
    }
    most = made("test.calmar", 0.5, kind=MeanMinusStd, returns=0, max_drawdown=-0.25)
    assert most == made("test.calmar", 0.5, kind=MeanMinusStd, max_drawdown=0.25, returns=0.0)
    assert json.loads(json.dumps(most.identity())) == {
        "objective": {"kind": "mean_minus_std", "of": ["test.calmar"], "deviations": 1.0},
        "gap_penalty": 0.5,
        "constraints": {"max_drawdown": 0.25, "returns": 0.0},
    }
