"""What people get wrong: one line that says where, what came and what to do;
the exit code; nothing half-written.
"""

import errno
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import own
import pytest
import toy
from toy import TOY, Call

SETTINGS = [
    # words, exit code, what the line must contain
    (
        ["start=2023-01-01T00:00:30"],
        2,
        [
            (
                "start: '2023-01-01T00:00:30' is not on the minute grid; the nearest "
                "minute is 2023-01-01"
            )
        ],
    ),
    (["data=mine"], 2, ["no data is called 'mine'", "write data=csv data.dir=FOLDER"]),
    (["pool=balancer", "pool/rule=momentum"], 2, ["The pool that is chosen has none"]),
    (["start=yesterday"], 2, ["start: 'yesterday' is not a date; write YYYY-MM-DD"]),
    (["end=2021-01-08"], 2, ["end: 2021-01-08 is not after start (2021-01-08)"]),
    (["end=2020-12-01"], 2, ["end: 2020-12-01 is not after start"]),
    (["test_end=2021-01-24"], 2, ["test_end: 2021-01-24 is not after end (2021-01-24)", "null"]),
    (["test_end=2021-01-10"], 2, ["test_end: 2021-01-10 is not after end"]),
    (["start=2019-01-01"], 3, ["BTC has prices from 2021-01-01 to 2026-01-01", "2019-01-01"]),
    (["test_end=2027-01-01"], 3, ["BTC has prices from", "2027-01-01", "test_end"]),
    (
        ["data.burn_in_days=10"],
        3,
        ["data.burn_in_days: is 10, but", "7 days before 2021-01-08; use at most 7"],
    ),
    (["data.burn_in_days=-1"], 2, ["data.burn_in_days: -1 is below 0"]),
    (["fees=flat", "fees.fee=-0.1"], 2, ["fees.fee: -0.1 is below 0"]),
    (["fees=flat", "fees.fee=1.2"], 2, ["fees.fee: 1.2 is not below 1", "0.003 is 30 bps"]),
    (["fees=flat", "fees.fee=nan"], 2, ["fees.fee: nan is not a finite number"]),
    (["fees=flat", "fees.fee=lots"], 2, ["fees.fee: 'lots' is not a number"]),
    (["fees=flat", "fees.gas_cost=-1"], 2, ["fees.gas_cost: -1 is below 0"]),
    (["fees=flat", "fees.protocol_fee_split=2"], 2, ["fees.protocol_fee_split: 2 is above 1"]),
    (["fees=flat", "fees.arb_frequency=0"], 2, ["fees.arb_frequency: 0 is below 1"]),
    (["fees.fee=0.003"], 2, ["fees.fee: is 0.003, but fees=none has no frictions; add fees=flat"]),
    (["fees.noise_trader_ratio=1"], 2, ["is 1.0, but fees=none has no frictions; add fees=flat"]),
    (["fees=0.003"], 2, ["for the number write fees.fee=0.003"]),
    (["tokens=[BTC]"], 2, ["tokens: 1 token; a pool holds 2 to 8"]),
    (["tokens=[A,B,C,D,E,F,G,H,I]"], 2, ["tokens: 9 tokens; a pool holds 2 to 8"]),
    (["tokens=[]"], 2, ["tokens: 0 tokens"]),
    (["tokens=BTC"], 2, ["tokens: 'BTC' is not a list"]),
    (["tokens=[BTC,BTC]"], 2, ["tokens: BTC is named twice"]),
    (["tokens=[btc,eth]"], 2, ["tokens: 'btc' is not a token; use capital letters"]),
    (
        ["tokens=[true,BTC]"],
        2,
        ["tokens: True is how YAML reads ON", "put the token in quotes"],
    ),
    (["tokens=[1,BTC]"], 2, ["tokens: 1 is not a token; put it in quotes"]),
    (["fit.step=5"], 2, ["fit.step", "did you mean 'fit.steps'"]),
    (["fit=adammw"], 2, ["no fit is called 'adammw' (did you mean 'adamw'?)"]),
    (["pool/rull=momentum"], 2, ["pool/rull", "no such group", "did you mean 'pool/rule'"]),
    (["pool/rule=momentun"], 2, ["did you mean 'momentum'"]),
    (["conf=dmo"], 2, ["no experiment and no file is called 'dmo' (did you mean 'demo'?)"]),
    (["conf=missing.yaml"], 2, ["conf=missing.yaml: no such file"]),
    (
        ["split.selection_metric=sharp"],
        2,
        ["split.selection_metric: no metric is called 'sharp' (did you mean 'sharpe'?)"],
    ),
    (["metric=sharp"], 2, ["no metric is called 'sharp'"]),
    (
        ["params.k_per_day=[1,2,3]"],
        2,
        ["params.k_per_day: has 3 numbers; give one number, 2 (one an asset), or", "2 lists of 2"],
    ),
    (["params.k_per_day=[[1,2],[1,2],[1,2]]"], 2, ["params.k_per_day: has 3 x 2 numbers"]),
    (["params.k_per_day=[[1,2],[3]]"], 2, ["params.k_per_day"]),
    (["params.k_per_day=lots"], 2, ["params.k_per_day"]),
    (["params.k_per_day=-3"], 2, ["params.k_per_day: -3 is not zero or more"]),
    (
        ["params.k_per_day=5", "params.log_k=2"],
        2,
        ["params.k_per_day: params.log_k is given too; they are one parameter, give one"],
    ),
    (["params.kay=5"], 2, ["params.kay: this pool has no such parameter", "k_per_day"]),
    (
        ["params.initial_weights=[0.5,0.6]"],
        2,
        ["params.initial_weights: 0.5, 0.6 is not above zero", "one in sum"],
    ),
    (["params.memory_days=-1"], 2, ["params.memory_days"]),
    (
        ["pool.guard.minimum_weight=0.6"],
        2,
        ["pool.guard.minimum_weight: is 0.6; expected at most 1/2 for 2 tokens"],
    ),
    (
        ["pool.chunk_period=60", "pool.weight_interpolation_period=1440"],
        2,
        ["pool.weight_interpolation_period: is 1440 minutes; expected at most chunk_period (60)"],
    ),
    (["pool.chunk_period=0"], 2, ["pool.chunk_period: 0 is below 1"]),
    (
        ["fit.batch_size=2000"],
        2,
        ["fit.batch_size: 2000 windows, but split.bout_offset=1440 leaves 1441"],
    ),
    (
        ["split.bout_offset=30000"],
        2,
        ["split.bout_offset: 30000 minutes leave no training window", "take at most 18430"],
    ),
    (["split.bout_offset=-1"], 2, ["split.bout_offset: -1 is below 0"]),
    (["fit.steps=-1"], 2, ["fit.steps: -1 is below 0"]),
    (["fit.steps=1.5"], 2, ["fit.steps: 1.5 is not a whole number"]),
    (["fit.steps=many"], 2, ["fit.steps: 'many' is not a whole number"]),
    (["fit.learning_rate=0"], 2, ["fit.learning_rate: 0 is not above 0"]),
    (["fit.parameter_sets=0"], 2, ["fit.parameter_sets: 0 is below 1"]),
    (["split.validation_fraction=1"], 2, ["split.validation_fraction: 1 is not below 1"]),
    (["split.validation_fraction=-0.1"], 2, ["split.validation_fraction: -0.1 is below 0"]),
    (["initial_pool_value=0"], 2, ["initial_pool_value: 0 is not above 0"]),
    (["precision=float16"], 2, ["precision: float16 is not one of float64 or float32"]),
    (["plugins=[nowhere.py]"], 2, ["plugins: there is no file nowhere.py"]),
    (["plugins=nowhere.py"], 2, ["plugins: 'nowhere.py' is not a list of files"]),
    (["pool=hodl"], 2, ["pool: hodl has nothing to train; use qsim simulate, or pool=temporal"]),
    (["data=parquet"], 2, ["data.dir: is not set; write data.dir=PATH"]),
    (["data=parquet", "data.dir=nowhere"], 3, ["data.dir: 'nowhere' is not a folder"]),
    (["--load", "best_tset"], 2, ["--load: 'best_tset' is not one of", "did you mean 'best_test'"]),
    (["fit.steps"], 2, ["fit.steps: is not key=value"]),
    (["fit.steps="], 2, ["fit.steps=: has no value"]),
    (["fit.steps=1,2"], 2, ["add -m to run each of them"]),
    (["tokens=[BTC,ETH"], 2, ["'[' is not closed"]),
    (["pool._target_=os.system"], 2, ["_target_"]),
    (["runs_dir=null"], 2, ["runs_dir"]),
    (["output.every=0"], 2, ["output.every: 0 is below 1"]),
]


def left_over(folder: Path) -> list[str]:
    """What a command that failed has left in its runs folder; the name of a lock is no harm."""
    return [str(path) for path in (folder / "runs").rglob("*") if path.suffix != ".lock"]


@pytest.mark.parametrize(
    ("words", "code", "said"), SETTINGS, ids=[" ".join(words) for words, *_ in SETTINGS]
)
def test_wrong_settings(
    words: list[str], code: int, said: list[str], tmp_path: Path, call: Call
) -> None:
    answer = call("train", *TOY, *words, "-q")
    answer.one_line(code, *said)
    assert answer.err.count("\n") == 1
    assert answer.out == ""
    assert left_over(tmp_path) == []


def test_wrong_settings_of_simulate_are_said_alike(tmp_path: Path, call: Call) -> None:
    for words, code, said in SETTINGS:
        key = words[-1].partition("=")[0]
        if key.split(".")[0] in (
            "start",
            "end",
            "fees",
            "tokens",
            "params",
            "pool",
            "data",
        ) and words != ["pool=hodl"]:
            few = [text for text in said if "2 lists" not in text and " x " not in text]
            call("simulate", *TOY, *words, "-q").one_line(code, *few)
    assert left_over(tmp_path) == []


def test_on_is_a_token_that_yaml_misreads(tmp_path: Path, call: Call) -> None:
    """Hydra's grammar keeps ON; a YAML file does not."""
    assert call("train", *TOY, "tokens=[ON,BTC]", "--dry-run", "--json").json["settings"][
        "tokens"
    ] == ["ON", "BTC"]
    (tmp_path / "mine.yaml").write_text("tokens: [ON, BTC]\n")
    answer = call("train", "conf=mine.yaml", "--dry-run", "--json")
    assert answer.code == 0 or "put the token in quotes" in answer.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fees: [", ["mine.yaml:", "not valid YAML"]),
        ("fees:\n\tfee: 1\n", ["mine.yaml:2", "not valid YAML"]),
        ("- a\n- b\n", ["mine.yaml", "a list or a single value"]),
        ("fit:\n  stepz: 3\n", ["fit.stepz", "did you mean 'fit.steps'", "in mine.yaml"]),
        ("fit: !!python/object/apply:os.system [true]\n", ["mine.yaml", "tags are not allowed"]),
        ("defaults:\n  - override /pool: temporl\n", ["temporl"]),
        ("\x00", ["mine.yaml"]),
        ("tokens: [BTC, ETH\nfit: {}\n", ["mine.yaml", "not valid YAML"]),
    ],
)
def test_a_broken_file_of_settings(text: str, said: list[str], tmp_path: Path, call: Call) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    call("train", "conf=mine.yaml").one_line(2, *said)
    assert left_over(tmp_path) == []


def test_an_empty_file_of_settings_changes_nothing(tmp_path: Path, call: Call) -> None:
    (tmp_path / "mine.yaml").write_text("")
    told = call("train", *TOY, "conf=mine.yaml", "--dry-run", "--json").json
    assert told["run"] == call("train", *TOY, "--dry-run", "--json").json["run"]


FIRST = int(np.datetime64("2022-03-01", "s").astype(int))


def rows(change: dict[int, str] | None = None, drop: range = range(0)) -> str:
    """A CSV of two days of minutes, some lines changed or left out."""
    lines = [f"{FIRST + 60 * i},{100 + i % 7}" for i in range(2880)]
    for index, line in (change or {}).items():
        lines[index] = line
    return "unix,close\n" + "\n".join(line for i, line in enumerate(lines) if i not in drop) + "\n"


FILES = [
    ("", 3, ["BBB_USD.csv", "is empty (0 bytes)"]),
    ("unix,close\n", 3, ["has no rows"]),
    ("unix,price\n1,2\n", 3, ["has no column close", "it has unix, price"]),
    (
        rows({100: f"{FIRST + 6000},nan"}),
        3,
        ["line 102", "close is nan; expected a positive number"],
    ),
    (rows({100: f"{FIRST + 6000},"}), 3, ["line 102", "close is empty; expected a number"]),
    (
        rows({100: f"{FIRST + 6000},0"}),
        3,
        ["line 102 (2022-03-01T01:40): close is 0; expected a positive number"],
    ),
    (rows({100: f"{FIRST + 6000},-5"}), 3, ["close is -5; expected a positive number"]),
    (rows({100: f"{FIRST + 6000},inf"}), 3, ["close is inf"]),
    (rows({100: f"{FIRST + 6000},dear"}), 3, ["line 102: close is 'dear'; expected a number"]),
    (rows({100: f"{FIRST + 5940},100"}), 3, ["line 102: the minute 2022-03-01T01:39 comes twice"]),
    (
        rows({100: f"{FIRST + 60},100"}),
        3,
        ["line 102: 2022-03-01T00:01 comes after 2022-03-01T01:39"],
    ),
    (
        rows({100: f"{FIRST + 6001},100"}),
        3,
        ["line 102", "not a whole minute; the nearest is 2022-03-01T01:40"],
    ),
    (
        rows({100: f"{(FIRST + 6000) * 1000},100"}),
        3,
        ["line 102", "which is ms; the rows before are s"],
    ),
    (
        rows(drop=range(200, 1800)),
        3,
        ["BBB has no prices for 1600 minutes from 2022-03-01T03:20", "data.max_gap_minutes"],
    ),
    ("\x89PNG\r\n\x1a\n" + "\x00" * 50, 3, ["BBB_USD.csv"]),
    (None, 3, ["BBB_USD.csv: does not exist, so BBB has no prices", "the folder has AAA"]),
    (
        "unix,close\n2022-03-01 00:00:00,1\n",
        3,
        ["line 2: unix is '2022-03-01 00:00:00'", "expected a number: s, ms, us or ns since 1970"],
    ),
    ("date,close\n2022-03-01,1\n", 3, ["has no column unix", "since 1970, UTC", "date, close"]),
]


@pytest.mark.parametrize(
    ("text", "code", "said"), FILES, ids=[said[0] + " " + said[-1] for _, _, said in FILES]
)
def test_wrong_prices(
    text: str | None, code: int, said: list[str], tmp_path: Path, call: Call
) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "AAA_USD.csv").write_text(rows())
    if text is not None:
        (folder / "BBB_USD.csv").write_text(text)
    words = (
        "tokens=[AAA,BBB]",
        "data=csv",
        "data.dir=prices",
        "start=2022-03-01",
        "end=2022-03-02",
        "test_end=2022-03-03",
    )
    words = (*words, "metric=returns", "split.bout_offset=0", "fit.batch_size=1", "-q")
    answer = call("train", *words)
    answer.one_line(code, *said)
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_damaged_parquet_file(tmp_path: Path, call: Call) -> None:
    (tmp_path / "AAA_USD.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    words = ("tokens=[AAA,BBB]", "data=parquet", "data.dir=.", "start=2022-03-01", "end=2022-03-02")
    call("simulate", *words).one_line(
        3, "AAA_USD.parquet", "is not a readable parquet file, or is incomplete"
    )


@pytest.mark.parametrize("words", [["trian"], ["trai", "fit.steps=1"], ["--jsn"], ["eval"]])
def test_a_misspelt_command(words: list[str], call: Call) -> None:
    call(*words).one_line(2, words[0], "did you mean" if words != ["--jsn"] else "no such option")


def test_runs_dir_is_a_file(tmp_path: Path, call: Call) -> None:
    (tmp_path / "runs").write_text("mine")
    for command in ("train", "simulate"):
        call(command, *TOY, "-q").one_line(4, "runs")
    call("runs", "list").one_line(4, "runs")
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "the file system is read-only; choose another runs_dir"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_a_runs_dir_that_takes_nothing(
    number: int, said: str, trained: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path for path in (trained / "runs").rglob("*"))
    real_open, real_mkdir = os.open, os.mkdir

    def inside(path: Any) -> bool:
        return (
            "runs" in Path(os.fsdecode(path)).parts
            if isinstance(path, str | bytes | os.PathLike)
            else False
        )

    def only_read(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if inside(path) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(number, os.strerror(number), os.fspath(path))
        return real_open(path, flags, *more, **named)

    def no_folders(path: Any, *more: Any, **named: Any) -> None:
        if inside(path):
            raise OSError(number, os.strerror(number), os.fspath(path))
        real_mkdir(path, *more, **named)

    monkeypatch.setattr(os, "open", only_read)
    monkeypatch.setattr(os, "mkdir", no_folders)
    call("train", *TOY, "fit.seed=3", "-q").one_line(4, said)
    call("simulate", *TOY, "-q").one_line(4, said)
    assert call("runs", "list").code == 0
    assert sorted(path for path in (trained / "runs").rglob("*")) == before


def test_a_learning_rate_that_blows_everything_up(tmp_path: Path, call: Call) -> None:
    """Exit 5, and what was finite is kept and can be evaluated."""
    words = (*TOY, "fit=sgd", "fit.learning_rate=1e308", "fit.clip_norm=null")
    answer = call("train", *words, "-q", "--json")
    answer.one_line(
        5,
        "fit: no parameter set is finite at step",
        "try a smaller fit.learning_rate",
        "are saved in runs/run_",
    )
    assert answer.json["error"]["code"] == 5
    entries = toy.history(tmp_path)
    assert toy.document(tmp_path)["status"] == "stopped"
    assert all(
        value is not None and math.isfinite(value)
        for row in entries[0]["params"]["log_k"]
        for value in row
    )
    assert call("runs", "verify").code == 0
    told = call("evaluate", *words, "--json").json
    assert told["selection"]["step"] <= entries[-1]["step"]
    call("train", *words, "-q").one_line(5, "no parameter set is finite")


def test_a_plugin_that_fails(tmp_path: Path, call: Call) -> None:
    (tmp_path / "bad.py").write_text("1/0\n")
    call("train", *TOY, "plugins=[bad.py]").one_line(
        2, "plugins:", "bad.py failed in line 1: ZeroDivisionError: division by zero"
    )
    (tmp_path / "worse.py").write_text("def (:\n")
    call("train", *TOY, "plugins=[worse.py]").one_line(2, "worse.py failed in line 1: SyntaxError")


def test_a_plugin_that_fails_while_it_runs(tmp_path: Path, call: Call) -> None:
    """It is named with the line, and is no defect of qsim; its trace is kept."""
    (tmp_path / "late.py").write_text(
        "from quantamm_cli.core.params import Parameter\n"
        "from quantamm_cli.rules.base import WeightRule\n\n"
        "class Late(WeightRule, kind='late'):\n"
        "    def parameters(self, clock):\n"
        "        return (Parameter('log_k'),)\n\n"
        "    def signal(self, recur, observed, params, clock):\n"
        "        return observed.price\n"
    )
    words = ("plugins=[late.py]", "pool/rule=late")
    call("show", "rules", "late").one_line(2, "of your own: add 'plugins=[FILE.py]'")
    call("simulate", *TOY, *words).one_line(2, "conf/pool/rule/late.yaml", "qsim help adding")
    (tmp_path / "conf/pool/rule").mkdir(parents=True)
    (tmp_path / "conf/pool/rule/late.yaml").write_text("kind: late\n")
    with own.restored():
        for command in ("simulate", "train"):
            answer = call(command, *TOY, *words)
            answer.one_line(2, "late.py failed in line 6: TypeError", "the trace is in")


def test_a_defect_is_one_line_and_its_trace_is_kept(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantamm_cli.workflows.simulate.load_market", lambda *_: 1 / 0)
    answer = call("simulate", *TOY)
    answer.one_line(1, "a defect of qsim, ZeroDivisionError")
    found = re.search(r"the trace is in (\S+)", answer.err)
    assert found is not None
    assert "ZeroDivisionError" in Path(found[1]).read_text()
