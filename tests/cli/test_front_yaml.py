"""Files of settings that others wrote: taken, or refused in one line that names file and line."""

from pathlib import Path
from typing import Any

import pytest
from front_fixtures import Run
from toy import Call

pytest_plugins = ["front_fixtures"]

BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(7)
)


def test_a_file_of_deltas(here: Path, qsim: Run, commands: list[Any]) -> None:
    Path("x.yaml").write_text(
        "defaults:\n"
        "  - override /pool: balancer\n"
        "  - override /fees: flat\n"
        "\n"
        "start: '2022-01-01'\n"
        "fees:\n"
        "  fee: 0.003\n"
        "params:\n"
        "  k: [1, 2]\n"
    )
    assert qsim("train", "conf=x.yaml", "fees.fee=0.01", "-q")[0] == 0
    tree = commands[0][0]
    assert (tree["pool"]["kind"], tree["fees"]["kind"], tree["fees"]["fee"], tree["start"]) == (
        "balancer",
        "flat",
        0.01,
        "2022-01-01",
    )
    assert tree["params"] == {"k": [1, 2]}


def test_an_experiment_serves_every_command(here: Path, qsim: Run, commands: list[Any]) -> None:
    Path("x.yaml").write_text("fit:\n  steps: 3\n")
    for command in ("simulate", "train", "tune", "evaluate"):
        assert qsim(command, "conf=mom", "-q")[0] == 0
        assert qsim(command, "conf=x.yaml", "-q")[0] == 0
    assert {tree["pool"]["rule"]["kind"] for tree, _ in commands[::2]} == {"power_channel"}
    assert {tree["fit"]["steps"] for tree, _ in commands[1::2]} == {3}


def test_files_can_be_swept_and_absolute(here: Path, qsim: Run, commands: list[Any]) -> None:
    Path("x.yaml").write_text("fit:\n  seed: 5\n")
    assert qsim("train", "-m", f"conf={here}/x.yaml,mom", "-q")[0] == 0
    assert [tree["fit"]["seed"] for tree, _ in commands] == [5, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fees: [1\nstart: 2\n", "x.yaml:2: is not valid YAML"),
        ("start: a\nstart: b\n", "x.yaml:2: is not valid YAML: found duplicate key start"),
        ("start: !!python/object/apply:os.system [ls]\n", "x.yaml:1: is not valid YAML"),
        ("start: !!python/object/apply:pathlib.PosixPath [a]\n", "a value of type PosixPath"),
        ("start: !!timestamp 2001-01-01\n", "a value of type date"),
        ("start: !!binary YQ==\n", "a value of type bytes"),
        ("fees: {_target_: os.system}\n", "_target_ is not allowed"),
        (BOMB, "more than 50000 values"),
        ("a: &a [*a]\n", "more than 50000 values"),
        ("start: " + "[" * 3000 + "\n", "x.yaml"),
        ("# " + "x" * 1_000_001, "is larger than 1 MB"),
        ("- a\n- b\n", "a list or a single value"),
        ("just text\n", "a list or a single value"),
        ("1: 2\n", "the key 1 is not text"),
        ("a\0b: 1\n", "not valid YAML"),
        (
            "fees:\n  fe: 1\n",
            "fees.fe: no such setting of none in x.yaml (did you mean 'fees.fee'?)",
        ),
        ("fee: 1\n", "fee: no such setting in x.yaml (did you mean 'fees.fee'?)"),
        ("pool: balancer\n", "under defaults: write '- override /pool: balancer'"),
        (
            "fees: 0.003\n",
            "fees is a group (flat, none, recorded) in x.yaml; for the number write fees.fee=0.003",
        ),
        ("hydra:\n  mode: MULTIRUN\n", "belong on the command line"),
        ("defaults:\n  - override /pool: balancr\n", "balancr"),
        ("defaults:\n  - override pool: balancer\n", "experiment/pool"),
        ("defaults: 3\n", "defaults"),
        ("start: ${oc.env:HOME}\n", "start: ${oc.env:...} is allowed"),
        ("start: ${oc.decode:${oc.env:HOME}}\n", "start: ${oc.env:...} is allowed"),
    ],
)
def test_wrong_files(text: str, said: str, here: Path, qsim: Run, commands: list[Any]) -> None:
    Path("x.yaml").write_text(text)
    code, out, err = qsim("train", "conf=x.yaml")
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert said in err


def test_wrong_bytes(here: Path, qsim: Run) -> None:
    Path("x.yaml").write_bytes(b"start: \xff\n")
    assert "not UTF-8" in qsim("train", "conf=x.yaml")[2]
    Path("folder.yaml").mkdir()
    assert qsim("train", "conf=folder.yaml")[0] == 2


def test_a_value_that_must_be_given(here: Path, qsim: Run, commands: list[Any]) -> None:
    (here / "conf/fees/ask.yaml").write_text("kind: flat\nfee: ???\n")
    assert "fees.fee: is not given" in qsim("train", "fees=ask")[2]


def test_groups_are_read_with_the_same_care(here: Path, qsim: Run) -> None:
    (here / "conf/fees/odd.yaml").write_text("kind: odd\nkind: even\n")
    assert (
        "conf/fees/odd.yaml:2: is not valid YAML: found duplicate key kind"
        in qsim("train", "fees=odd")[2]
    )
    (here / "conf/fees/evil.yaml").write_text(
        "# @package hydra\ncallbacks: {x: {_target_: os.system}}\n"
    )
    assert "_target_ is not allowed" in qsim("train", "fees=evil")[2]
    (here / "conf/fees/out.yaml").symlink_to("/etc/hostname")
    assert "no fees is called 'out'" in qsim("train", "fees=out")[2]


MISSPELT = {
    "override /pool: temporall": "pool=temporall: no pool is called 'temporall' (did you mean",
    "override /pool/rule: momentm": "pool/rule=momentm: no pool/rule is called 'momentm' (did",
    "/metric: calmarr": "metric=calmarr: no metric is called 'calmarr' (did you mean 'calmar'?)",
    "override /poool: temporal": "poool: no such group (did you mean 'pool'?)",
}


@pytest.mark.parametrize("entry", MISSPELT)
def test_a_misspelt_choice_of_a_file_is_one_line(entry: str, tmp_path: Path, call: Call) -> None:
    """As on the command line, with the nearest choice, and the file that makes it."""
    (tmp_path / "mine.yaml").write_text(f"defaults:\n  - {entry}\n")
    said = (MISSPELT[entry], "there are: ", "; chosen in mine.yaml")
    call("train", "conf=mine.yaml").one_line(2, *said)


def test_a_misspelt_word_has_a_nearest_one(tmp_path: Path, call: Call) -> None:
    """Of a setting that has a few words, in a file or not."""
    (tmp_path / "mine.yaml").write_text("fees: {arbitrage: exactt}\n")
    said = "fees.arbitrage: exactt is not one of exact or pairwise (did you mean 'exact'?)"
    call("train", "conf=mine.yaml").one_line(2, said)
    call("train", "fees.arbitrage=exactt").one_line(2, said)
