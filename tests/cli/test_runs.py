"""``qsim runs``: list, show, compare, verify."""

from pathlib import Path

import pytest
import toy
from toy import METRIC, RULES, TOY, Call


def test_an_empty_folder_has_no_runs(tmp_path: Path, call: Call) -> None:
    assert call("runs", "list").out == "no runs in runs\n"
    assert call("runs", "list", "--json").json == {
        "command": "runs",
        "runs": [],
        "walk_forwards": [],
        "competitions": [],
        "studies": [],
        "simulations": [],
        "grids": [],
        "sweeps": [],
    }
    assert call("runs", "verify").code == 0
    assert not list(tmp_path.iterdir())


def test_list_shows_each_run_in_a_line(finished: Path) -> None:
    name = toy.checkpoint(finished).stem.removeprefix("run_")
    (run,) = toy.call("runs", "list", "--json", folder=finished).json["runs"]
    entries = toy.history(finished)
    best = max(score for entry in entries for score in entry["metrics"]["validation"][METRIC])
    assert run == {
        "fingerprint": name,
        "status": "finished",
        "steps": 6,
        "best": best,
        "metric": METRIC,
        "tokens": ["BTC", "ETH"],
        "pool": "temporal/momentum",
        "problem": None,
        "checkpoint": f"runs/run_{name}.json",
    }
    assert name[:12] in toy.call("runs", "list", folder=finished).out


def test_show_says_what_each_rule_chooses(finished: Path) -> None:
    name, entries = toy.checkpoint(finished).stem, toy.history(finished)
    told = toy.call("runs", "show", name[4:12], "--json", folder=finished).json
    assert (told["run"], told["status"], told["step"]) == (name, "finished", 6)
    assert told["settings"] == toy.document(finished)["settings"]
    expected = {rule: choice for rule in RULES if (choice := toy.chosen(entries, rule))}
    assert {
        rule: (item["step"], item["set"]) for rule, item in told["selections"].items()
    } == expected
    for item in told["selections"].values():
        for period, score in item["scores"].items():
            assert score == entries[item["step"]]["metrics"][period][METRIC][item["set"]]
    out = toy.call("runs", "show", name, folder=finished).out
    assert "fit.learning_rate" in out
    assert "best_validation" in out


def test_compare_shows_only_what_differs(trained: Path, call: Call) -> None:
    other = call("train", *TOY, "fit.seed=1", "params.k_per_day=5", "--json").json["run"]
    told = call(
        "runs", "compare", toy_run := call("train", *TOY, "--json").json["run"], other, "--json"
    ).json
    assert told["differences"] == {"fit.seed": [0, 1], "params.k_per_day": [None, 5]}
    assert [run["run"] for run in told["runs"]] == [toy_run, other]
    out = call("runs", "compare", toy_run[4:10], other[4:10]).out
    assert "fit.seed" in out
    assert "fit.steps" not in out


def test_verify_is_content_with_a_sound_run(finished: Path) -> None:
    kinds = ("walk_forwards", "competitions", "studies", "simulations", "grids", "sweeps")
    others = dict.fromkeys(kinds, 0)
    assert (
        toy.call("runs", "verify", "--json", folder=finished).json
        == {"command": "runs", "sound": 1} | others
    )


@pytest.mark.parametrize("part", ["checkpoint", "history.jsonl", "state.npz"])
def test_verify_finds_one_altered_digit(part: str, trained: Path, call: Call) -> None:
    path = toy.checkpoint(trained)
    path = path if part == "checkpoint" else path.with_suffix("") / part
    data = bytearray(path.read_bytes())
    place = data.rindex(b"0.") if part != "state.npz" else len(data) // 2
    data[place + (part != "state.npz") * 2] ^= 1
    path.write_bytes(data)
    call("runs", "verify").one_line(4, "1 file(s) are damaged", path.name)
    if part == "checkpoint":
        assert call("runs", "list", "--json").json["runs"][0]["status"] == "damaged"
        call("runs", "show", path.stem).one_line(4, path.name, "was altered")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show"], 2, "expected the name of one run"),
        (["compare", "abcdef"], 2, "expected the names of two runs or more"),
        (["list", "abcdef"], 2, "takes no names"),
        (["show", "abcdef"], 4, "no run begins with abcdef"),
        (["show", "abc"], 4, "6 or more hex digits"),
        (["shw", "abcdef"], 2, "did you mean 'show'"),
        (["show", "../../etc/passwd"], 4, "is not a run"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], code: int, said: str, tmp_path: Path, call: Call
) -> None:
    call("runs", *words).one_line(code, said)
    assert not list(tmp_path.iterdir())
