"""How the components of a study are written: on the command line, in files, from Python."""

from pathlib import Path
from typing import Any

import pytest

import quantamm_cli as qsim
from quantamm_cli.config.completion import candidates
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_study
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import plain
from quantamm_cli.tuning.settings import Study

BEFORE = "study:\n  trials: 20\n  seed: 0\n  objective: null\n  pruner: none\n"
"""The part of conf/tune.yaml that is of the study, as it was before these were components."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(*words: str, command: str = "tune") -> Study:
    return read_study(Composer(command, words).tree())


def written(text: str, *words: str, name: str = "mine.yaml") -> Study:
    """Of a file of settings with these lines under ``study``."""
    Path(name).write_text(f"study:\n  {text}\n")
    return study(f"conf={name}", *words)


def kinds(settings: Study) -> tuple[str, str, str, Any]:
    objective = settings.objective
    return settings.sampler.kind, settings.pruner.kind, objective.kind, objective.of


DEFAULT = ("tpe", "auto", "mean", None)


def test_the_default() -> None:
    assert kinds(study()) == DEFAULT
    assert study() == Study() == read_study({"study": {}})


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("study.sampler=cmaes", ("cmaes", *DEFAULT[1:])),
        ("study/sampler=cmaes", ("cmaes", *DEFAULT[1:])),
        ("study.pruner=median", ("tpe", "median", *DEFAULT[2:])),
        ("study.pruner=none", ("tpe", "none", *DEFAULT[2:])),
        ("study/pruner=none", ("tpe", "none", *DEFAULT[2:])),
        ("study/objective=worst", ("tpe", "auto", "worst", None)),
        ("study.objective=worst", ("tpe", "auto", "worst", None)),
        ("study.objective=validation.calmar", (*DEFAULT[:3], "validation.calmar")),
        ("study.objective.of=validation.calmar", (*DEFAULT[:3], "validation.calmar")),
        (
            "study.objective=[test.returns,test.calmar]",
            (*DEFAULT[:3], ("test.returns", "test.calmar")),
        ),
        ("study.objective=null", DEFAULT),
        ("study.objective=calmar", (*DEFAULT[:3], "calmar")),  # refused where metrics are known
    ],
)
def test_every_spelling_means_the_same_everywhere(
    word: str, meant: tuple[str, str, str, Any]
) -> None:
    """On the command line, in a file, in one that another includes, and from Python."""
    assert kinds(study(word)) == meant
    assert kinds(read_study(qsim.compose("tune", word).tree)) == meant
    key, _, value = word.partition("=")
    if key.startswith("study.") and key.count(".") == 1:
        assert kinds(written(f"{key.removeprefix('study.')}: {value}")) == meant
    elif "/" in key:
        Path("mine.yaml").write_text(f"defaults:\n  - override /{key}: {value}\n")
        assert kinds(study("conf=mine.yaml")) == meant


def test_settings_of_a_component_go_with_its_choice() -> None:
    """In any order; the command line wins over a file, and later words over earlier ones."""
    for words in (
        ("study.sampler=cmaes", "study.sampler.population=9"),
        ("study.sampler.population=9", "study/sampler=cmaes"),
    ):
        assert plain(study(*words).sampler) == {"kind": "cmaes", "startup": 1, "population": 9}
    assert written("sampler: cmaes", "study.sampler.population=9").sampler.population == 9  # type: ignore[attr-defined]
    assert written("sampler: cmaes", "study.sampler=random").sampler.kind == "random"
    assert written("sampler: cmaes", "study/sampler=random").sampler.kind == "random"
    assert written("sampler: {kind: qmc, sequence: halton}").sampler.sequence == "halton"  # type: ignore[attr-defined]
    assert written("sampler: {startup: 3}").sampler.startup == 3  # type: ignore[attr-defined]
    assert written("pruner: patient").pruner.base.kind == "median"  # type: ignore[attr-defined]
    inner = study("study.pruner=patient", "study/pruner@study.pruner.base=hyperband")
    assert inner.pruner.base.kind == "hyperband"  # type: ignore[attr-defined]
    both = study("study/objective=worst", "study.objective=validation.calmar").objective
    assert (both.kind, both.of) == ("worst", "validation.calmar")
    later = qsim.compose("tune", "study.trials=3").but("study.sampler=random")
    assert read_study(later.tree).sampler.kind == "random"


def test_presets() -> None:
    """Files of one's own may be presets, with the same short forms."""
    assert (study("study=quick").pruner.kind, study("study=robust").objective.kind) == (
        "median",
        "mean_minus_std",
    )
    assert study("study=robust", "study.pruner=none").gap_penalty == 0.5
    Path("conf/study").mkdir(parents=True)
    Path("conf/study/mine.yaml").write_text(
        "defaults:\n  - default\n  - _self_\nsampler: qmc\nobjective: test.returns\ntrials: 7\n"
    )
    assert kinds(study("study=mine")) == ("qmc", "auto", "mean", "test.returns")
    assert study("study=mine").trials == 7
    Path("mine.yaml").write_text("defaults:\n  - override /study: robust\nstudy: {pruner: none}\n")
    own = study("conf=mine.yaml")
    assert (own.trials, own.pruner.kind) == (60, "none")


def test_a_configuration_from_before_is_read() -> None:
    """A copy of conf/tune.yaml in which pruner and objective are single values."""
    text = (Path(__file__).resolve().parents[3] / "conf/tune.yaml").read_text("utf-8")
    before = "".join(line for line in text.splitlines(True) if "- study:" not in line) + BEFORE
    Path("conf").mkdir()
    Path("conf/tune.yaml").write_text(before)
    assert kinds(study()) == ("tpe", "none", "mean", None)
    assert kinds(study("study.pruner=median", "study.workers=2"))[1] == "median"
    assert kinds(written("pruner: median"))[1] == "median"
    assert study("study=quick").patience == 8


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("study.sampler=tpee", "no study/sampler is called 'tpee' (did you mean 'tpe'?)"),
        ("study/sampler=cmase", "(did you mean 'cmaes'?)"),
        ("study.pruner=medain", "no study/pruner is called 'medain' (did you mean 'median'?)"),
        ("study.objective=wrost", "no study/objective is called 'wrost' (did you mean 'worst'?)"),
        ("study=quik", "no study is called 'quik' (did you mean 'quick'?)"),
        ("study.sampler=null", "study.sampler is a group (auto, cmaes"),
        ("study.pruner=3", "study.pruner is a group (auto, hyperband"),
        (
            "study.sampler.strtup=3",
            "no such setting of tpe (did you mean 'study.sampler.startup'?)",
        ),
        ("study.sampler.population=3", "study/sampler=cmaes or study/sampler=nsga2"),
        ("study.workers=two", "'two' is not a whole number (processes; auto: one a core)"),
        ("study.workers=0", "0 is below 1"),
        ("study.storage=postgresql://x", "postgresql://x is no storage of this version"),
        ("study.constraints.calmar=high", "'high' is not a number"),
        ("study.max_seconds=0", "0 is not above 0"),
    ],
)
def test_a_wrong_word_gets_one_line(word: str, error: str) -> None:
    with pytest.raises(ConfigError) as refused:
        study(word)
    assert error in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("pruner: medain", "did you mean 'median'?"),
        ("sampler: cmase", "did you mean 'cmaes'?"),
        ("sampler: {kind: radnom}", "did you mean 'random'?"),
        ("objective: wrost", "did you mean 'worst'?"),
    ],
)
def test_a_wrong_word_of_a_file_names_the_file(text: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error) as refused:
        written(text)
    assert "in mine.yaml" in str(refused.value)


def test_other_commands_have_no_study() -> None:
    """They say so, as of any setting that they lack."""
    Path("mine.yaml").write_text("study:\n  sampler: cmaes\n")
    for words in (("conf=mine.yaml",), ("study.sampler=cmaes",)):
        with pytest.raises(ConfigError, match="no such setting"):
            Composer("train", words).tree()


def test_completion_knows_the_choices() -> None:
    composer = Composer("tune")
    assert "study/sampler=cmaes" in candidates(composer, "study/sampler=")
    assert candidates(composer, "study/pruner=wil") == ["study/pruner=wilcoxon"]
    assert "study.sampler.startup=" in candidates(composer, "study.sampler.")
    assert "study=robust" in candidates(composer, "study=")


def test_what_else_a_study_has() -> None:
    settings = study(
        "study.constraints.max_drawdown=0.2",
        "study.first=[{fit.learning_rate: 0.1},run_ab12]",
        "study.workers=auto",
        "study.patience=5",
        "study.max_seconds=60",
        "study.trial_seconds=9.5",
    )
    assert settings.constraints == {"max_drawdown": 0.2}
    assert settings.first == ({"fit.learning_rate": 0.1}, "run_ab12")
    assert (settings.workers, settings.patience) == ("auto", 5)
    assert (settings.max_seconds, settings.trial_seconds) == (60, 9.5)
