"""The words after qsim: help, flags, overrides, exit codes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from front_fixtures import Run

from quantamm_cli import errors
from quantamm_cli.cli.commands import COMMANDS

pytest_plugins = ["front_fixtures"]

HEAVY = (
    "import sys; from quantamm_cli.cli.main import main; code = main({words!r}); bad = "
    "sorted({{'hydra', 'omegaconf', 'jax', 'rich', 'pydantic', 'numpy'}} & "
    "set(sys.modules)); print(code, bad)"
)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["train", "--help"],
        ["--version"],
        ["trian"],
        ["train", "--jsn"],
        ["show", "poolz"],
        [],
    ],
)
def test_help_and_misspelt_words_import_nothing(words: list[str]) -> None:
    out = subprocess.run(
        [sys.executable, "-c", HEAVY.format(words=words)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.splitlines()[-1].endswith(" []")


def test_help_names_every_command_and_its_flags(qsim: Run) -> None:
    code, out, _ = qsim("--help")
    assert code == 0
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert "--load METHOD" in qsim("train", "--help")[1]
    assert "--load" not in qsim("tune", "-h")[1]


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_help_fits_a_terminal(words: list[str], qsim: Run) -> None:
    """Of 80 columns; what is too long goes on under its own column."""
    lines = qsim(*words, "--help")[1].splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert not words or any(line.startswith("  -h, --help             print") for line in lines)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["trian"], "qsim: trian: no such command (did you mean 'train'?)"),
        (["--hlp"], "qsim: --hlp: no such option (did you mean '--help'?)"),
        (["train", "--jso"], "qsim train: --jso: no such option (did you mean '--json'?)"),
        (["train", "--multi"], "qsim train: --multi: no such option"),
        (["tune", "--load", "last"], "qsim tune: --load: is not an option of qsim tune"),
        (["train", "--load"], "qsim train: --load: needs a value"),
        (["train", "--load", "-q"], "qsim train: --load: needs a value"),
        (["train", "--load=best_tset"], "(did you mean 'best_test'?)"),
        (["train", "--json=1"], "qsim train: --json: takes no value"),
        (["train", "--min", "nan"], "qsim train: --min: 'nan' is not a number"),
        (["train", "-p", "fees"], "qsim train: -p: needs --cfg job"),
        (["train", "-m", "--cfg", "job"], "qsim train: --cfg: cannot be combined with --multirun"),
        (["train", "x.yaml"], "write conf=x.yaml"),
        (["train", "mom"], "write conf=mom"),
        (["show"], "qsim show: needs a verb: qsim show "),
        (["show", "poolz"], "(did you mean 'pools'?)"),
        (["-sc", "install=tcsh"], "expected install, uninstall or query"),
    ],
)
def test_a_misspelt_word_is_one_line(words: list[str], error: str, qsim: Run) -> None:
    code, out, err = qsim(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert error in err


def test_flags_stand_anywhere(here: Path, qsim: Run, commands: list[Any]) -> None:
    assert (
        qsim(
            "evaluate",
            "fees.arb_frequency=3",
            "--load=best_test_objective",
            "start=2022-01-01",
            "--min",
            "-0.5",
            "--run",
            "abcdef",
            "-q",
            "fit.seed=4",
        )[0]
        == 0
    )
    tree, options = commands[0]
    assert (options.load, options.minimum, options.run, options.quiet) == (
        "best_test",
        -0.5,
        "abcdef",
        True,
    )
    assert (tree["fees"]["arb_frequency"], tree["start"], tree["fit"]["seed"]) == (
        3,
        "2022-01-01",
        4,
    )
    assert not {"hydra", "experiment", "defaults"} & set(tree)


def test_settings_are_plain_and_params_are_open(here: Path, qsim: Run, commands: list[Any]) -> None:
    assert (
        qsim(
            "simulate", "params.log_k=4", "params.initial_weights=[0.3,0.7]", "tokens=[ON,NO]", "-q"
        )[0]
        == 0
    )
    tree = commands[0][0]
    assert tree["params"] == {"log_k": 4, "initial_weights": [0.3, 0.7]}
    assert tree["tokens"] == ["ON", "NO"]
    assert type(tree["pool"]) is dict
    assert tree["params"] is not None
    assert not any(path.name in ("outputs", "multirun") for path in here.iterdir())


def test_json_is_one_object(here: Path, qsim: Run, commands: list[Any]) -> None:
    code, out, err = qsim("train", "--json")
    assert code == 0
    assert json.loads(out) == {"command": "train", "x": None, "seed": 0}
    assert "daily_log_sharpe" in err
    code, out, err = qsim("train", "fees=0.003", "--json")
    assert code == 2
    said = json.loads(out)
    assert said["command"] == "train"
    assert (said["error"]["code"], said["error"]["where"]) == (2, "fees=0.003")
    assert err.startswith("qsim train: fees=0.003: fees is a group (flat, ")
    assert err.endswith("); for the number write fees.fee=0.003\n")


def test_a_sweep_returns_every_job_and_goes_on_after_a_failure(
    here: Path, qsim: Run, commands: list[Any]
) -> None:
    code, out, _ = qsim("train", "-m", "fit.seed=0,1", "pool/rule=momentum,power_channel", "--json")
    assert code == 0
    assert [job["seed"] for job in json.loads(out)["runs"]] == [0, 0, 1, 1]
    assert not (here / "multirun").exists()
    code, out, err = qsim("train", "-m", "start='${nowhere}',2022-01-01", "--json")
    assert code == 2
    assert "error" in json.loads(out)["runs"][0]
    assert json.loads(out)["runs"][1]["seed"] == 0
    code, out, err = qsim("train", "-m", "conf=mom", "fit.sed=0,1", "--json")
    assert code == 2
    assert "did you mean 'fit.seed'" in err
    assert len(commands) == 5


def test_a_key_of_one_swept_choice_may_be_set(here: Path, qsim: Run, commands: list[Any]) -> None:
    (here / "conf/pool/rule/odd.yaml").write_text("kind: odd\nonly_here: 1\n")
    assert qsim("train", "-m", "pool/rule=odd", "pool.rule.only_here=2,3", "-q")[0] == 0
    assert [tree["pool"]["rule"]["only_here"] for tree, _ in commands] == [2, 3]


def test_cfg_and_info(here: Path, qsim: Run) -> None:
    code, out, _ = qsim("train", "--cfg", "job", "-p", "fees", "fees=flat", "fees.fee=0.003")
    assert code == 0
    assert out.startswith("kind: flat\nfee: 0.003\n")
    assert "hydra" not in qsim("train", "--cfg", "job")[1]
    assert "job_logging" in qsim("train", "--cfg", "all")[1]
    assert (
        json.loads(qsim("train", "--cfg", "job", "--json")[1])["config"]["fit"]["kind"] == "adamw"
    )
    searchpath = qsim("train", "--info", "searchpath")[1]
    assert str(here / "conf") in searchpath
    assert "metric: daily_log_sharpe" in qsim("train", "--info=defaults-tree")[1]
    assert "did you mean 'fees'" in qsim("train", "--cfg", "job", "-p", "fes")[2]


def test_search_order(here: Path, qsim: Run, commands: list[Any]) -> None:
    mine = here / "mine/fees"
    mine.mkdir(parents=True)
    (mine / "flat.yaml").write_text(
        (here / "conf/fees/flat.yaml").read_text().replace("fee: 0.0 ", "fee: 0.5 ")
    )
    qsim("train", "fees=flat", "--config-dir", "mine", "-q")
    qsim("train", "fees=flat", "-q")
    assert [tree["fees"]["fee"] for tree, _ in commands] == [0.5, 0.0]
    assert "no folder nowhere" in qsim("train", "--config-dir", "nowhere")[2]


@pytest.mark.parametrize(
    ("failure", "code", "line"),
    [
        (errors.DataError("data.dir", "no rows"), 3, "qsim train: data.dir: no rows\n"),
        (errors.StoreError("run_1", "cut"), 4, "qsim train: run_1: cut\n"),
        (errors.DivergedError("", "no finite\ncandidate"), 5, "qsim train: no finite candidate\n"),
        (errors.Interrupted(15, "saved at step 3"), 143, "qsim train: saved at step 3\n"),
        (KeyboardInterrupt(), 130, "qsim train: interrupted\n"),
        (
            PermissionError(13, "Permission denied", "runs/x"),
            4,
            "qsim train: runs/x: Permission denied\n",
        ),
        (
            ZeroDivisionError("oh"),
            1,
            "qsim train: a defect of qsim, ZeroDivisionError: oh; the trace is in ",
        ),
    ],
)
def test_exit_codes(
    failure: BaseException,
    code: int,
    line: str,
    here: Path,
    qsim: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*_: Any) -> dict[str, Any]:
        raise failure

    monkeypatch.setitem(COMMANDS, "train", replace(COMMANDS["train"], run=run))
    monkeypatch.setenv("QSIM_CACHE", str(here / "cache"))
    came, out, err = qsim("train", "--json")
    assert came == code
    assert err.startswith(line)
    assert json.loads(out)["error"]["code"] == code
    if code == 1:
        saved = Path(err.split("the trace is in ")[1].strip())
        assert saved.is_relative_to(here / "cache")
        assert "ZeroDivisionError: oh" in saved.read_text()
    monkeypatch.setenv("QSIM_TRACE", "1")
    assert "Traceback" in qsim("train")[2]


def test_an_interruption_ends_a_sweep(
    here: Path, qsim: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def run(*_: Any) -> dict[str, Any]:
        calls.append(1)
        raise errors.Interrupted(2, "saved")

    monkeypatch.setitem(COMMANDS, "train", replace(COMMANDS["train"], run=run))
    assert qsim("train", "-m", "fit.seed=0,1,2", "-q")[0] == 130
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("qsim t", ["train", "tune"]),
        ("qsim train fees.f", ["fees.fee=", "fees.file="]),
        ("qsim train fees=fl", ["fees=flat"]),
        ("qsim train --load best_test -q pool/rule=mom", ["pool/rule=momentum"]),
        ("qsim train --load best_te", ["best_test", "best_test_min_train"]),
        ("qsim train --dr", ["--dry-run"]),
        ("qsim train conf=m", ["conf=mom"]),
        ("qsim train con", ["conf="]),
        ("qsim show po", ["pools"]),
        ("qsim show plots grid", ["grid.grid"]),
        ("qsim show plots w", ["walk.cycles", "walk.value"]),
        ("qsim train nonsense=1 fees.f", []),
    ],
)
def test_completion(
    line: str, expected: list[str], here: Path, qsim: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMP_LINE", line + "IGNORED")
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    code, out, err = qsim("-sc", "query=bash")
    assert (code, err) == (0, "")
    assert set(expected) <= set(out.split()) if expected else not out.split()


def test_completion_scripts_call_qsim(qsim: Run) -> None:
    assert qsim("-sc", "install=bash")[1].rstrip().endswith("qsim")
    assert "qsim" in qsim("-sc", "install=fish")[1]


def test_a_closed_pipe_is_no_error(here: Path) -> None:
    code = (
        "import sys; from quantamm_cli.cli.main import main; "
        "sys.exit(main(['train', '--cfg', 'all']))"
    )
    work = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here
    )
    assert work.stdout is not None
    assert work.stderr is not None
    work.stdout.close()
    assert work.stderr.read() == b""
    assert work.wait() == 0
    work.stderr.close()


def test_one_more_command_is_one_file(
    tmp_path: Path, qsim: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found, listed, explained, completed, parsed and run by being there."""
    from quantamm_cli.cli import commands, complete

    (tmp_path / "count.py").write_text(COUNT)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    monkeypatch.setattr("quantamm_cli.cli.commands.COMMANDS", commands._built_in())
    for module in ("main", "parse", "usage", "complete", "dispatch"):
        monkeypatch.setattr(f"quantamm_cli.cli.{module}.COMMANDS", commands.COMMANDS)
    assert "\n  count      counts tokens\n" in qsim("--help")[1]
    assert "  --by N                 how many at once" in qsim("count", "--help")[1]
    assert complete.candidates("qsim cou") == ["count"]
    assert complete.candidates("qsim count --b") == ["--by"]
    assert complete.candidates("qsim count --by ") == ["one", "two"]
    assert json.loads(qsim("count", "--by", "two", "--json")[1]) == {
        "command": "count",
        "tokens": 3,
        "by": "two",
    }
    assert "no such option (did you mean '--by'?)" in qsim("count", "--bi", "two")[2]


COUNT = '''
"""``qsim count``: how many tokens there are."""

from quantamm_cli.cli.command import Command, Flag


def run(composed, options, monitor):
    from quantamm_cli.workflows.results import Result

    class Count(Result):
        def to_dict(self):
            return {"tokens": len(composed.tree["tokens"]), "by": options.text("by")}

        def tables(self):
            return ["some"]

    return Count()


BY = Flag("by", ("--by",), "how many at once", "N", ("one", "two"))
COMMAND = Command(
    "count", "counts tokens", "[options]", place=11, run=run, flags=(BY,), settings="base"
)
'''
