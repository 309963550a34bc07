"""``qsim tune``: new, resumed, reused, fresh; what is refused before the first trial;
the best trial as an experiment.
"""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import toy
from stand_in import StandIn
from toy import METRIC, TOY, Call

from quantamm_cli.errors import ConfigError, DataError, DivergedError, Interrupted
from quantamm_cli.settings.run import Train

WORDS = ("tune", *TOY, "space=none", "space.fit.learning_rate=[0.001,1,log]", "--json")
GROUPED = (*WORDS, "space.fit=[adamw,sgd]", "space.fit.weight_decay=[0,0.1]")


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn.instead(monkeypatch)


def trials(answer: toy.Answer) -> list[dict[str, Any]]:
    """The trials without the times they took."""
    found: list[dict[str, Any]] = answer.json["trials"]
    for each in found:
        assert each.pop("seconds") >= 0
    return found


def study(folder: Path) -> Path:
    (path,) = [
        path for path in (folder / "runs").glob("study_*") if path.is_dir() and "." not in path.name
    ]
    return path


def test_a_study_of_real_trainings_and_its_best_as_an_experiment(
    tmp_path: Path, call: Call
) -> None:
    words = (
        "tune",
        *TOY,
        "fit.steps=2",
        "space=none",
        "space.fit.learning_rate=[0.01,1,log]",
        "study.trials=3",
    )
    answer = call(*words, "--json")
    assert answer.code == 0, answer.err
    told = answer.json
    assert told["status"] == "new"
    assert [trial["state"] for trial in told["trials"]] == ["finished"] * 3
    assert told["trials"][0]["settings"] == {"fit.learning_rate": 0.1}
    best = told["best"]
    assert best["value"] == max(trial["value"] for trial in told["trials"])
    runs = [toy.call("runs", "list", "--json", folder=tmp_path).json["runs"]]
    assert len(runs[0]) == 3
    assert json.loads((tmp_path / told["files"]["summary"]).read_text())["trials"] == told["trials"]

    again = call("train", f"conf={best['experiment']}", "--json").json
    assert (again["status"], again["run"]) == ("reused", best["run"])
    assert again["metrics"]["validation"][METRIC] == best["value"]
    same = call(
        "train",
        *TOY,
        f"fit.learning_rate={told['trials'][1]['settings']['fit.learning_rate']!r}",
        "fit.steps=2",
        "--dry-run",
        "--json",
    )
    assert same.json["run"] == told["trials"][1]["run"]

    shown = call(*words)
    assert "best" in shown.out
    assert "learning_rate" in shown.out
    assert call(*words, "--json").json["status"] == "reused"


def test_best_yaml_alone_is_the_best_run(tmp_path: Path, call: Call, training: StandIn) -> None:
    (tmp_path / "conf/fees").mkdir(parents=True)
    (tmp_path / "conf/fees/mine.yaml").write_text("defaults:\n  - flat\n  - _self_\nfee: 0.003\n")
    (tmp_path / "mine.yaml").write_text(
        "defaults:\n"
        "  - override /fees: mine\n"
        "  - override /metric: sharpe\n"
        "params:\n"
        "  memory_days: [10, 20]\n"
    )
    hours = ("pool.chunk_period=720", "pool.weight_interpolation_period=720")
    told = call(
        *GROUPED, "conf=mine.yaml", f"study.objective=validation.{METRIC}", "study.trials=4", *hours
    ).json
    path = tmp_path / told["best"]["experiment"]
    text = path.read_text()
    assert text.splitlines()[:2] == [
        "# @package _global_",
        f"# qsim train conf={told['best']['experiment']}",
    ]
    assert "space" not in text.partition("\n\n")[2]
    assert "study" not in text.partition("\n\n")[2]
    assert (
        call("train", f"conf={told['best']['experiment']}", "--dry-run", "--json").json["run"]
        == told["best"]["run"]
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert (
        toy.call("train", f"conf={path}", "--dry-run", "--json", folder=elsewhere).json["run"]
        == told["best"]["run"]
    )


def test_best_yaml_also_says_what_only_the_conf_of_the_folder_would_change(
    tmp_path: Path, call: Call, training: StandIn
) -> None:
    """A value that the packaged configuration has and ./conf has not."""
    path = tmp_path / "conf/fit/adamw.yaml"
    path.parent.mkdir(parents=True)
    text = (Path(__file__).resolve().parents[2] / "conf/fit/adamw.yaml").read_text()
    path.write_text(text.replace("patience: 200", "patience: 7"))
    best = call(*WORDS, "fit.patience=200", "study.trials=1").json["best"]
    assert (
        call("train", f"conf={best['experiment']}", "--dry-run", "--json").json["run"]
        == best["run"]
    )


def test_a_setting_that_a_choice_lacks_is_left_out(call: Call, training: StandIn) -> None:
    found = trials(call(*GROUPED, "study.trials=8"))
    assert {trial["settings"]["fit"] for trial in found} == {"adamw", "sgd"}
    assert all(
        ("fit.weight_decay" in trial["settings"]) == (trial["settings"]["fit"] == "adamw")
        for trial in found
    )
    assert found[0]["settings"] == {
        "fit": "adamw",
        "fit.learning_rate": 0.1,
        "fit.weight_decay": 0.01,
    }


def test_each_rule_is_searched_over_its_own_parameters(call: Call, training: StandIn) -> None:
    """With a dot or a slash, and no trial fails for its settings."""
    words = ("space=none", "space.params=declared", "study.trials=12")
    rules = "[momentum,power_channel,mean_reversion_channel]"
    shown = [
        trials(call("tune", *TOY, *words, f"space.pool{sign}rule={rules}", "--json"))
        for sign in "./"
    ]
    assert shown[0] == shown[1]
    assert [trial["state"] for trial in shown[0]] == ["finished"] * 12
    exponents = {
        trial["settings"]["pool.rule"]: any("exponent" in name for name in trial["settings"])
        for trial in shown[0]
    }
    assert exponents == {"momentum": False, "power_channel": True, "mean_reversion_channel": True}


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_study_goes_on_as_if_it_had_not_been_stopped(
    tmp_path: Path, call: Call, training: StandIn, stop: int
) -> None:
    whole = trials(call(*WORDS, "study.trials=5", "runs_dir=whole"))

    def interrupt(count: int, settings: Train) -> None:
        if len(training.seen) == 5 + stop:
            raise Interrupted(
                signal.SIGTERM, "step 3 of run_x is saved; run the same command to resume"
            )

    training.before = interrupt
    answer = call(*WORDS, "study.trials=5")
    assert answer.code == 143
    assert "step 3 of run_x is saved" in answer.err
    answer = call(*WORDS, "study.trials=5")
    assert answer.json["status"] == "resumed"
    assert trials(answer) == whole
    interrupted, resumed = (training.seen[4 + stop + more][0] for more in (0, 1))
    assert interrupted.fingerprint == resumed.fingerprint
    assert trials(call(*WORDS, "study.trials=7"))[:5] == whole
    assert len(training.seen) == 5 + 5 + 1 + 2


def test_failures_are_told_and_the_study_goes_on(call: Call, training: StandIn) -> None:
    def fail(count: int, settings: Train) -> None:
        if count in (1, 3):
            raise (
                DivergedError("fit", "no finite candidate is left")
                if count == 1
                else ConfigError("fit.steps", "too many")
            )

    training.before = fail
    found = trials(call(*WORDS, "study.trials=4"))
    assert [trial["state"] for trial in found] == ["failed", "finished", "failed", "finished"]
    assert found[0]["reason"] == "fit: no finite candidate is left"
    assert (found[2]["value"], found[2]["reason"]) == (None, "fit.steps: too many")


@pytest.mark.parametrize(("failure", "code"), [(ConfigError, 2), (DivergedError, 5)])
def test_five_failures_from_the_beginning_end_it(
    call: Call, training: StandIn, failure: Any, code: int
) -> None:
    def fail(count: int, settings: Train) -> None:
        raise failure("fit.steps", f"too many, {count}")

    training.before = fail
    for _ in range(2):
        answer = call(*WORDS, "study.trials=9")
        assert answer.code == code
        assert "ended, as the first trials failed; the last: fit.steps: too many, 5" in answer.err
    assert len(training.seen) == 5
    answer = call(*WORDS, "study.trials=2", "fit.seed=1")
    assert answer.code == 5
    assert "none of 2 trials has a score" in answer.err


def test_a_score_that_is_not_finite_fails_the_trial(
    call: Call, training: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = call(*WORDS, "study.trials=2", "study.objective=validation.sharpe")
    assert answer.code == 5
    assert "validation.sharpe is nan (the minute returns do not vary)" in answer.err


def test_data_and_disk_end_the_call_and_not_the_trial(call: Call, training: StandIn) -> None:
    def fail(count: int, settings: Train) -> None:
        if count in (2, 3, 4):
            raise (
                DataError("data", "is gone")
                if count < 4
                else OSError(28, "No space left on device")
            )

    training.before = fail
    assert [call(*WORDS, "study.trials=3").code for _ in range(4)] == [3, 3, 4, 0]
    assert len({settings.fingerprint for settings, _ in training.seen[1:5]}) == 1


def test_fresh_trains_again_and_keeps_the_old_study_beside(
    tmp_path: Path, call: Call, training: StandIn
) -> None:
    first = trials(call(*WORDS, "study.trials=2"))
    assert trials(call(*WORDS, "study.trials=2", "--fresh")) == first
    assert [fresh for _, fresh in training.seen] == [False, False, True, True]
    assert len(list((tmp_path / "runs").glob(f"{study(tmp_path).name}.*Z"))) == 1
    call(*WORDS, "study.trials=3")
    assert training.seen[-1][1] is True  # still the study that began fresh


def test_a_second_process_is_told_who_is_there(
    tmp_path: Path, call: Call, training: StandIn
) -> None:
    said: list[toy.Answer] = []

    def meanwhile(count: int, settings: Train) -> None:
        said.append(call(*WORDS, "study.trials=1"))

    training.before = meanwhile
    assert call(*WORDS, "study.trials=1").code == 0
    assert said[0].code == 4
    assert "is writing this study" in said[0].err


def test_a_dry_run_touches_nothing(tmp_path: Path, call: Call, training: StandIn) -> None:
    told = call(*GROUPED, "--dry-run").json
    assert list(told["space"]) == ["fit", "fit.learning_rate", "fit.weight_decay"]
    told = call(*WORDS, "--dry-run").json
    assert told["study"] in call(*WORDS[:-1], "--dry-run").out
    assert not list(tmp_path.iterdir())
    assert call(*WORDS, "study.trials=1").json["study"] == told["study"]


def test_what_names_a_study(call: Call) -> None:
    def name(*words: str) -> str:
        return str(call(*WORDS, *words, "--dry-run").json["study"])

    same = name()
    assert (
        name("study.trials=99", "runs_dir=elsewhere", f"study.objective=validation.{METRIC}")
        == same
    )
    others = [
        name(word)
        for word in (
            "study.seed=1",
            "study.objective=test.returns",
            "fit.seed=1",
            "space.fit.learning_rate.high=2",
        )
    ]
    assert len({same, *others}) == 5


def test_the_objective_may_be_another(call: Call, training: StandIn) -> None:
    answer = call(*WORDS, f"study.objective=test.{METRIC}", "study.trials=1")
    assert answer.json["best"]["value"] == 7.0
    assert "warning: the objective is on the test period" in answer.err
    answer = call(*WORDS, "split.validation_fraction=0", "study.trials=1")
    assert answer.json["objective"] == f"train.{METRIC}"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["space.fit.learning_rat=[1,2]"],
            "space.fit.learning_rat: no such setting of adamw (did you mean 'fit.learning_rate'?)",
        ),
        (
            ["space.fit.learning_rate=[2,1]"],
            "space.fit.learning_rate: low (2) is not below high (1)",
        ),
        (["space.fit.learning_rate=[0,1,log]"], "which log needs"),
        (["space.fit.learning_rate=[-1,1]"], "space.fit.learning_rate: -1 is not above 0"),
        (["space.fit.learning_rate.choices=[]"], "has nothing to choose from"),
        (["space.fit.learning_rate=declared"], "is not a parameter and declares no range"),
        (["space.fit.steps=[1.5,3]"], "space.fit.steps: takes whole numbers"),
        (["space.fit.schedule=[1,3]"], "space.fit.schedule: is not a number"),
        (["space.fit.schedule=[constant,cosin]"], "space.fit.schedule: cosin is not one of"),
        (["space.runs_dir=[a,b]"], "space.runs_dir: does not change what is computed"),
        (["space.output.every=[1,3]"], "space.output.every: does not change what is computed"),
        (
            ["space.data.dir=[a,b]", "data=parquet"],
            "space.data.dir: does not change what is computed",
        ),
        (["space.study.seed=[1,2]"], "space.study.seed: no such setting"),
        (["space.fees=[flatt,none]"], "no fees is called 'flatt' (did you mean 'flat'?)"),
        (["space.fees=[0,1]"], "space.fees: is a group of settings"),
        (
            ["space.fees.fee=[0,0.01]"],
            "none of 8 random points of it is legal; the first: fees.fee",
        ),
        (["space.params.memory_day=[1,2]"], "did you mean 'memory_days'?"),
        (
            ["space.fit=[adamw,sgd]", "fit.weight_decay=0.1"],
            "space.fit: sgd: fit.weight_decay: no such setting of sgd",
        ),
        (["space=none"], "space: is empty"),
        (["space=trainin"], "did you mean 'training'?"),
        (["space=5"], "space is a group (adam, adamw, bfgs,"),
        (["study.trials=0"], "study.trials: 0 is below 1"),
        (["study.trails=3"], "study.trails: no such setting (did you mean 'study.trials'?)"),
        (["study.objective=calmar"], "'calmar' is not PERIOD.METRIC"),
        (["study.objective=test.calmer"], "no metric is called 'calmer' (did you mean 'calmar'?)"),
        (["study.objective=test.calmar", "test_end=null"], "these settings have no test period"),
    ],
)
def test_what_no_trial_could_use_is_refused_at_once(
    tmp_path: Path, call: Call, words: list[str], error: str
) -> None:
    answer = call("tune", *TOY, *words)
    answer.one_line(2, error)
    assert not list(tmp_path.iterdir())


def test_parameters_are_searched_over_what_they_declare(call: Call, training: StandIn) -> None:
    space = call(
        "tune", *TOY, "space=parameters", "space.params.memory_days=[5,6]", "--dry-run", "--json"
    ).json["space"]
    assert (space["params.memory_days"]["low"], space["params.k_per_day"]["log"]) == (5, True)
    found = trials(call("tune", *TOY, "space=parameters", "study.trials=2", "--json"))
    assert found[0]["settings"]["params.memory_days"] == 10
    assert [settings.params["k_per_day"] for settings, _ in training.seen] == [
        trial["settings"]["params.k_per_day"] for trial in found
    ]


def test_a_space_may_be_given_in_an_experiment(
    tmp_path: Path, call: Call, training: StandIn
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "space:\n  fit.learning_rate: [0.5, 0.6]\n  fit.noise_scale: null\nstudy:\n  trials: 1\n"
    )
    space = call("tune", *TOY, "conf=mine.yaml", "--dry-run", "--json").json["space"]
    assert sorted(space) == ["fit.batch_size", "fit.learning_rate"]
    assert (space["fit.learning_rate"]["low"], space["fit.learning_rate"]["log"]) == (0.5, False)


def test_what_the_search_changes_elsewhere_is_followed(
    tmp_path: Path, call: Call, training: StandIn
) -> None:
    words = (
        "space=none",
        "space.pool.chunk_period.choices=[60,720]",
        "pool.weight_interpolation_period='${pool.chunk_period}'",
    )
    call("tune", *TOY, *words, "study.trials=6", "-q")
    periods = [
        (settings.pool.chunk_period, settings.pool.weight_interpolation_period)
        for settings, _ in training.seen
    ]  # type: ignore[attr-defined]
    assert set(periods) == {(60, 60), (720, 720)}


def test_conf_is_read_once_however_long_a_study_is(
    tmp_path: Path, call: Call, training: StandIn
) -> None:
    path = tmp_path / "conf/fit/adamw.yaml"
    path.parent.mkdir(parents=True)
    text = (toy.Path(__file__).resolve().parents[2] / "conf/fit/adamw.yaml").read_text()
    path.write_text(text)
    training.before = lambda count, settings: (
        path.write_text(text.replace("patience: 200", "patience: 7")) and None
    )
    call("tune", *TOY, "study.trials=3", "-q")
    assert {settings.fit.patience for settings, _ in training.seen} == {200}  # type: ignore[attr-defined]


def test_a_sweep_of_studies(tmp_path: Path, call: Call, training: StandIn) -> None:
    told = call(*WORDS, "study.trials=1", "-m", "fit.seed=1,2").json
    assert [settings.fit.seed for settings, _ in training.seen] == [1, 2]  # type: ignore[attr-defined]
    assert len({run["study"] for run in told["runs"]}) == 2
