"""``--json``: one object with the promised keys; the console script says what a
call in this process says.
"""

import contextlib
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
import toy
from toy import TOY, Call

from quantamm_cli.cli.main import main

SHARED = {
    "command",
    "run",
    "fingerprint",
    "metrics",
    "benchmarks",
    "final",
    "params",
    "data",
    "seconds",
    "files",
    "signs",
    "undefined",
}
SIDES = {"fresh", "decomposition", "random"}
KEYS = {
    "simulate": SHARED,
    "evaluate": SHARED | {"selection"} | SIDES,
    "train": SHARED | {"selection", "status"},
}


def leaves(tree: Any) -> list[Any]:
    """Everything in a tree that is no list and no dict."""
    if isinstance(tree, dict | list):
        return [
            leaf
            for item in (tree.values() if isinstance(tree, dict) else tree)
            for leaf in leaves(item)
        ]
    return [tree]


@pytest.mark.parametrize("command", KEYS)
def test_one_object_with_the_promised_keys(command: str, trained: Path, call: Call) -> None:
    answer = call(command, *TOY, "--json")
    told = answer.json
    assert answer.code == 0
    assert set(told) == KEYS[command]
    assert (told["command"], told["run"]) == (command, f"run_{told['fingerprint']}")
    assert set(told["final"]) == {"value", "weights", "reserves", "readouts", "state"}
    assert set(told["params"]) == {"raw", "readable"}
    assert set(told["params"]["readable"]) == {"initial_weights", "k_per_day", "memory_days"}
    assert all(
        isinstance(leaf, str) or leaf is None or math.isfinite(leaf) for leaf in leaves(told)
    )
    periods = [told["metrics"]] if command == "simulate" else list(told["metrics"].values())
    assert len(periods) == (1 if command == "simulate" else 3)
    assert all(
        {"daily_log_sharpe", "returns", "returns_over_hodl", "calmar", "ulcer"} <= set(period)
        for period in periods
    )
    assert all((trained / path).is_file() for path in told["files"].values())
    assert set(told["seconds"]) >= {"data", "run"}
    if command == "train":
        assert told["status"] == "reused"


def test_quiet_json_says_nothing_else(trained: Path, call: Call) -> None:
    """Of the console script, from start to end; the object is that of a call in this process."""
    words = ("evaluate", *TOY, "--json", "-q")
    script, here = toy.script(*words, folder=trained), call(*words)
    assert script.err == here.err == ""
    assert (script.code, script.json | {"seconds": 0}) == (here.code, here.json | {"seconds": 0})
    assert script.json["command"] == "evaluate"


def test_a_pipe_gets_plain_text(trained: Path, call: Call) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)  # more than a pipe holds would fail here, not wait for a reader
    with open(read, encoding="utf-8", newline="") as reader, contextlib.chdir(trained):
        with open(write, "w", encoding="utf-8") as pipe, contextlib.redirect_stdout(pipe):
            assert main(["evaluate", *TOY]) == 0
        out = reader.read()
    assert "\x1b" not in out
    assert "this pool" in out


@pytest.mark.parametrize(
    ("words", "code", "where"),
    [
        (["train", *TOY, "fees.fee=0.003"], 2, "fees.fee"),
        (["train", *TOY, "fes.fee=0.003"], 2, "fes.fee"),
        (["simulate", *TOY, "start=2019-01-01"], 3, "data=synthetic, BTC"),
        (["evaluate", *TOY], 4, "runs"),
        (["evaluate", "--run", "abcdef"], 4, "runs"),
        (["runs", "show", "abcdef"], 4, "runs"),
    ],
)
def test_a_failure_is_an_object_too(
    words: list[str], code: int, where: str, tmp_path: Path, call: Call
) -> None:
    answer = call(*words, "--json")
    answer.one_line(code)
    assert set(answer.json) == {"command", "error"}
    assert set(answer.json["error"]) == {"code", "where", "message"}
    assert (
        answer.json["command"],
        answer.json["error"]["code"],
        answer.json["error"]["where"],
    ) == (words[0], code, where)
    assert answer.json["error"]["message"] in answer.err
    assert not list(tmp_path.iterdir())


def test_a_sweep_is_one_object_of_runs(tmp_path: Path, call: Call) -> None:
    told = call("train", "-m", *TOY, "fit.seed=0,1", "fit.steps=2", "--json").json
    assert set(told) == {"command", "runs", "data", "run", "files"}
    assert set(told["files"]) == {"result"}
    assert [set(run) for run in told["runs"]] == [KEYS["train"]] * 2
    assert len({run["run"] for run in told["runs"]}) == 2
    assert len(list((tmp_path / "runs").glob("run_*.json"))) == 2
    again = call("train", "-m", *TOY, "fit.seed=0,1", "fit.steps=2", "--json").json
    assert [run["status"] for run in again["runs"]] == ["reused", "reused"]
    assert not (tmp_path / "multirun").exists()
    mixed = call("evaluate", "-m", *TOY, "fit.seed=1,7", "fit.steps=2", "--json")
    assert mixed.code == 4
    assert set(mixed.json["runs"][0]) == KEYS["evaluate"]
    assert mixed.json["runs"][1]["error"]["code"] == 4


def test_a_dry_run_is_an_object(tmp_path: Path, call: Call) -> None:
    for command in ("train", "simulate"):
        told = call(command, *TOY, "--dry-run", "--json").json
        assert set(told) == {"command", "run", "fingerprint", "settings", "files"}
    assert not list(tmp_path.iterdir())


def test_the_fingerprint_does_not_depend_on_the_machines_mood(tmp_path: Path, call: Call) -> None:
    """F21, F22: hash seeds, time zones, locales, the order of the words;
    and this process has moods of its own.
    """
    moods = [
        {"PYTHONHASHSEED": "12345", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
    ]
    words = [TOY[::-1], (*TOY[3:], *TOY[:3])]
    processes = [
        toy.start("train", *say, "--dry-run", "--json", folder=tmp_path, **mood)
        for say, mood in zip(words, moods, strict=True)
    ]
    outs = [toy.finish(process).out for process in processes]
    outs += [call("train", *say, "--dry-run", "--json").out for say in (TOY, *words)]
    assert len(set(outs)) == 1
    assert json.loads(outs[0])["run"].startswith("run_")
