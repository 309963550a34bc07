"""``qsim compete``: played, resumed, reused, verified, swept, ranked, replayed; what is refused
before anything is played.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import toy
from toy import Call

from quantamm_cli.errors import Interrupted
from quantamm_cli.workflows.compete import competition

SMALL = ("steps=200", "epoch.length=100", "simulations=24")
TWO = "strategies=[fixed_20,fixed_fee]"
WORDS = ("compete", TWO, *SMALL)
MINE = '''
"""A strategy of a user."""

from quantamm_cli.competition.strategy import Strategy


class Mine(Strategy):
    """A fee of my own."""

    fee_bps: float = 44.0

    def fees(self, state):
        return self.fee_bps / 1e4, self.fee_bps / 1e4


class Wrong(Mine):
    """Takes more than it is given."""

    def fees(self, state):
        return 2.0, self.fee_bps / 1e4


class Broken(Mine):
    """Cannot be run."""

    def fees(self, state):
        return unknown


class Growing(Strategy):
    """Gives more for a further unit than for the one before."""

    def quote(self, state, side, amount, reserves):
        return 1e-9 * amount**2
'''


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one competition in it; only to be read."""
    folder = tmp_path_factory.mktemp("played")
    answer = toy.call(*WORDS, "--json", folder=folder)
    assert answer.code == 0, answer.err
    (folder / "answer.json").write_text(answer.out)
    return folder


@pytest.fixture
def copied(played: Path, tmp_path: Path) -> Path:
    """The empty folder with a copy of it."""
    shutil.copytree(played / "runs", tmp_path / "runs")
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The user's file in the folder."""
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


def folder_of(where: Path) -> Path:
    (found,) = [
        path for path in (where / "runs").iterdir() if path.is_dir() and "." not in path.name
    ]
    return found


def test_the_object_the_table_the_parquet_and_the_receipt_say_the_same(played: Path) -> None:
    """Edges of seeds, their means, and what they are made of."""
    told: dict[str, Any] = json.loads((played / "answer.json").read_text())
    assert told["status"] == "new"
    assert {row["name"] for row in told["standings"]} == {"fixed_20", "fixed_fee", "normaliser"}
    assert told["standings"][-1]["name"] == "normaliser"
    seeds = pl.read_parquet(played / told["files"]["seeds"])
    receipt = json.loads((played / told["files"]["receipt"]).read_text())
    assert receipt["seeds"] == told["seeds"] == {"count": 24, "first": 0}
    for row in told["standings"]:
        edges = seeds.filter(pl.col("strategy") == row["name"]).sort("seed")["edge"].to_list()
        assert edges == receipt["edges"][row["name"]]
        assert row["edge"]["mean"] == pytest.approx(sum(edges) / 24, rel=1e-12)
        assert row["arb_edge"] + row["retail_edge"] == pytest.approx(row["edge"]["mean"], rel=1e-9)
    assert sum(row["flow_share"] for row in told["standings"]) == pytest.approx(1)
    gap = next(row for row in told["standings"] if row["name"] == "fixed_fee")["over_reference"]
    assert gap["low"] < gap["mean"] < gap["high"]
    assert (
        json.loads((played / told["files"]["scores"]).read_text())["standings"] == told["standings"]
    )


def test_the_same_command_reuses_and_more_seeds_go_on(copied: Path, call: Call) -> None:
    """Nothing is played twice; the seeds that were there are the same."""
    batches = folder_of(copied) / "batches"
    again = call(*WORDS, "--json").json
    assert again["status"] == "reused"
    more = call(*WORDS[:-1], "simulations=40", "--json").json
    assert more["status"] == "resumed"
    assert [path.name for path in sorted(batches.iterdir())] == [
        "000000000-000000023.npz",
        "000000024-000000039.npz",
    ]
    whole = toy.call(*WORDS[:-1], "simulations=40", "runs_dir=other", "--json", folder=copied).json
    assert whole["standings"] == more["standings"]


def test_what_is_played_survives_an_interruption(
    mine: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are whole or not at all; the same command goes on after them."""
    monkeypatch.setattr(competition, "BATCH_SEEDS", 8)
    play, seen = competition.Competition._play_batch, []

    def stopped(self: Any, seeds: Any, told: Any) -> Any:
        if len(seen) == 2:
            raise Interrupted(2, "stopped; what is played is kept")
        seen.append(seeds)
        return play(self, seeds, told)

    with monkeypatch.context() as patch:
        patch.setattr(competition.Competition, "_play_batch", stopped)
        assert call(*WORDS).code == 130
    assert len(list((folder_of(mine) / "batches").iterdir())) == 2
    told = call(*WORDS, "--json").json
    assert told["status"] == "resumed"
    assert told["seeds"]["count"] == 24


def test_an_edge_that_is_no_number_is_not_kept(
    mine: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 5, with who and on which seed; the next command plays it again."""
    from quantamm_cli.competition import play as made

    play = made.play

    def ruined(*given: Any) -> Any:
        outcome = play(*given)
        outcome.edge[7, 1] = float("nan")
        return outcome

    with monkeypatch.context() as patch:
        patch.setattr(made, "play", ruined)
        call(*WORDS).one_line(5, "the edge of fixed_fee on seed 7 is not finite")
    assert not list((folder_of(mine) / "batches").glob("*"))
    assert call(*WORDS, "--json").json["status"] == "new"


def test_a_receipt_is_verified_and_a_wrong_one_is_refused(copied: Path, call: Call) -> None:
    """The same to the last bit; else exit 4, with who, on which seed, and by how much."""
    from quantamm_cli.store.receipts import write_receipt

    path = folder_of(copied) / "receipt.json"
    assert call("compete", "--verify", str(path), "--json").json["same"] is True
    told = json.loads(path.read_text())
    told["edges"]["fixed_fee"][3] += 1e-9
    write_receipt(path, told)
    refused = call("compete", "--verify", str(path))
    refused.one_line(4, "not the same: fixed_fee differs on 1 of 24 seeds", "seed 3 is")
    assert re.search(r"seed 3 is the first: stored -?[\d.]+, now -?[\d.]+", refused.err)
    path.write_text(path.read_text()[:-40])
    call("compete", "--verify", str(path)).one_line(4, "is not a receipt")
    call("compete", "--verify", "nowhere.json").one_line(4, "cannot be read")


def test_the_original_challenge_is_played_on_its_own_streams(tmp_path: Path, call: Call) -> None:
    """compat=challenge takes its market along, and its receipt does too."""
    told = call(
        "compete",
        "strategies=[fixed_30]",
        "compat=challenge",
        "steps=200",
        "simulations=3",
        "--json",
    ).json
    receipt = json.loads((tmp_path / told["files"]["receipt"]).read_text())
    assert receipt["settings"]["market"]["kind"] == "challenge"
    assert "capital_share" not in told["standings"][0]
    assert call("compete", "--verify", told["files"]["receipt"], "--json").json["same"] is True


def test_a_users_strategy_is_played_with_its_settings_and_its_source_is_kept(
    mine: Path, call: Call
) -> None:
    """From any file; the receipt can be checked after the file has changed."""
    words = ("compete", "strategies=[mine.py:Mine,fixed_fee]", "strategy.Mine.fee_bps=20", *SMALL)
    told = call(*words, "--json").json
    edges = json.loads((mine / told["files"]["receipt"]).read_text())["edges"]
    same = toy.call(*WORDS, "runs_dir=same", "--json", folder=mine).json
    assert (
        edges["Mine"]
        == json.loads((mine / same["files"]["receipt"]).read_text())["edges"]["fixed_20"]
    )
    (mine / "mine.py").write_text(MINE.replace("44.0", "45.0"))
    assert call("compete", "--verify", told["files"]["receipt"], "--json").json["same"] is True
    assert call(*words, "--dry-run", "--json").json["run"] != told["run"]


def test_a_strategy_that_breaks_a_rule_is_marked_and_the_others_go_on(
    mine: Path, call: Call
) -> None:
    """Invalid in the table and in the object, after all who are not; with seed, step and inputs."""
    answer = call("compete", "strategies=[mine.py:Wrong,fixed_fee]", *SMALL, "--json")
    assert answer.code == 0, answer.err
    rows = answer.json["standings"]
    assert [row["name"] for row in rows] == ["fixed_fee", "Wrong", "normaliser"]
    assert rows[1]["valid"] is False
    assert rows[1]["breach"]["seed"] == 0
    assert rows[1]["breach"]["rule"] == "fee"
    assert "Wrong is invalid: fee on 24 seeds, first seed 0 step 0" in answer.err


def test_validate_shows_the_inputs_of_what_is_broken(mine: Path, call: Call) -> None:
    """Exit 2 and the rule; a sound strategy keeps them all."""
    assert call("compete", "validate", "mine.py:Mine", "--json").json["valid"] is True
    call("compete", "validate", "mine.py:Growing").one_line(
        2, "breaks 'concave'", "amounts [", "quotes [", "reserves ["
    )
    call("compete", "validate", "mine.py:Wrong").one_line(2, "breaks 'fees': the bid fee is 2")
    call("compete", "validate", "mine.py:Broken").one_line(2, "mine.py failed in line", "NameError")
    call("compete", "validate").one_line(2, "expected one strategy")


def test_a_sweep_is_many_competitions_at_once(copied: Path, call: Call) -> None:
    """A point at a strategy's own value has the edges of the competition itself;
    the best point is marked.
    """
    told = call(*WORDS, "--sweep", "fixed_20.fee_bps=10:30:10", "--json").json
    assert [point["values"]["fee_bps"] for point in told["points"]] == [10, 20, 30]
    one = json.loads((copied / "runs" / folder_of_run(copied, WORDS) / "scores.json").read_text())
    edge = next(row for row in one["standings"] if row["name"] == "fixed_20")["edge"]["mean"]
    assert told["points"][1]["edge"]["mean"] == pytest.approx(edge, rel=1e-12)
    assert told["best"]["edge"]["mean"] == max(point["edge"]["mean"] for point in told["points"])
    frame = pl.read_parquet(copied / told["files"]["seeds"])
    assert len(frame) == 24 * 3 * 3
    assert call(*WORDS, "--sweep", "fixed_20.fee_bps=10:30:10", "--json").json["status"] == "reused"


def folder_of_run(where: Path, words: tuple[str, ...]) -> str:
    run: str = toy.call(*words, "--dry-run", "--json", folder=where).json["run"]
    return run


def test_until_decided_adds_seeds_until_the_leader_is_sure(tmp_path: Path, call: Call) -> None:
    """Decided by an interval that holds whenever one stops; otherwise it gives up at
    the stated most and says so.
    """
    words = (
        "compete",
        "strategies=[fixed_fee,{kind: fixed_fee, fee_bps: 3000, name: dear}]",
        "steps=200",
        "epoch.length=100",
    )
    told = call(*words, "simulations=8", "--until-decided", "--json").json
    assert told["gap"]["decided"] is True
    assert told["gap"]["leader"] == "fixed_fee"
    assert told["seeds"]["count"] >= 200
    copies = (
        "compete",
        "strategies=[fixed_fee,fixed_fee]",
        "steps=200",
        "epoch.length=100",
        "most_simulations=210",
        "simulations=8",
    )
    given_up = call(*copies, "--until-decided", "--json")
    assert given_up.json["gap"]["decided"] is False
    assert given_up.json["seeds"]["count"] == 210
    assert "not decided by 210 seeds" in given_up.err


@pytest.mark.parametrize(("kind", "line_ups"), [("pairs", 1), ("leave-one-out", 3)])
def test_a_tournament_is_line_ups_that_are_kept(
    kind: str, line_ups: int, copied: Path, call: Call
) -> None:
    """Each is a competition of its own; the one that was played is not played again."""
    told = call(*WORDS, "--tournament", kind, "--json").json
    assert len(told["line_ups"]) == line_ups
    assert folder_of_run(copied, WORDS) in [each["run"] for each in told["line_ups"]]
    assert call(*WORDS, "--tournament", kind, "--json").json["status"] == "reused"


def test_a_leaderboard_ranks_receipts_of_one_configuration(copied: Path, call: Call) -> None:
    """Ties share a rank; receipts of two configurations are refused with what differs."""
    call("compete", "strategies=[fixed_90]", *SMALL, "--json")
    told = call("compete", "leaderboard", "--json").json
    assert [each["rank"] for each in told["ranking"]] == sorted(
        each["rank"] for each in told["ranking"]
    )
    assert {each["name"] for each in told["ranking"]} == {"fixed_20", "fixed_fee", "fixed_90"}
    page = (copied / told["files"]["page"]).read_text()
    assert "fixed_90" in page
    call(
        "compete",
        "strategies=[fixed_90]",
        "steps=100",
        "epoch.length=100",
        "simulations=24",
        "--json",
    )
    call("compete", "leaderboard", "runs").one_line(
        2, "more than one configuration", "settings.steps is"
    )
    call("compete", "leaderboard", "nowhere").one_line(4, "cannot be read")


def test_a_competition_is_known_by_its_name(copied: Path, played: Path, call: Call) -> None:
    """Listed, shown and drawn by a few digits, with the numbers that the command told;
    a sweep is shown by its points.
    """
    told = json.loads((played / "answer.json").read_text())
    (line,) = call("runs", "list", "--json").json["competitions"]
    assert (line["run"], line["status"], line["seeds"]) == (told["run"], "finished", 24)
    assert (line["leader"], line["best"]) == (
        told["standings"][0]["name"],
        told["standings"][0]["edge"]["mean"],
    )
    shown = call("runs", "show", told["fingerprint"][:8], "--json").json
    assert (shown["standings"], shown["gap"], shown["files"]) == (
        told["standings"],
        told["gap"],
        told["files"],
    )
    assert "over reference" in call("runs", "show", told["run"][:16]).out
    files = call("report", told["run"][:16], "--json").json["files"]
    page = (copied / files["report"]).read_text()
    assert (
        page.count('src="data:image/png;base64,') == 2
        and "fixed_fee" in page
        and "<script" not in page
    )
    call("runs", "compare", told["run"], told["run"]).one_line(
        2, "qsim compete leaderboard RECEIPT RECEIPT"
    )
    swept = call(*WORDS, "--sweep", "fixed_20.fee_bps=10:30:10", "--json").json
    points = call("runs", "show", swept["run"], "--json").json["points"]
    assert points == swept["points"]
    drawn = call("report", swept["run"], "--json").json["files"]
    assert "fixed_20" in (copied / drawn["report"]).read_text()


@pytest.mark.parametrize("name", ["scores", "seeds", "receipt", "batch"])
def test_verify_reads_competitions(name: str, copied: Path, played: Path, call: Call) -> None:
    """One altered digit or bit of any file is found; a receipt in another's folder, too."""
    told = json.loads((played / "answer.json").read_text())
    assert call("runs", "verify", "--json").json["competitions"] == 1
    path = (
        next((folder_of(copied) / "batches").iterdir())
        if name == "batch"
        else copied / told["files"][name]
    )
    before = path.read_bytes()
    data = bytearray(before)
    data[data.rindex(b".", 0, -100) + 2 if path.suffix == ".json" else len(data) // 2] ^= 1
    path.write_bytes(data)
    call("runs", "verify").one_line(4, "file(s) are damaged", path.name)
    path.write_bytes(before)
    folder_of(copied).rename(copied / "runs" / f"compete_{'a' * 64}")
    answer = call("runs", "verify")
    answer.one_line(4, "is not of this competition")
    assert "is of another competition" in answer.out


def test_a_replay_adds_up_to_the_seed_it_replays(copied: Path, call: Call) -> None:
    """Fills, quotes and edges of every step; the last edge is the competition's own."""
    told = call(*WORDS, "--replay", "5", "--json").json
    replay = json.loads((copied / told["files"]["json"]).read_text())
    receipt = json.loads((copied / "runs" / told["run"] / "receipt.json").read_text())
    for name, pool in replay["pools"].items():
        assert pool["edge"][-1] == pytest.approx(receipt["edges"][name][5], rel=1e-12)
        assert sum(
            fill["edge"] for fill in replay["fills"] if fill["pool"] == name
        ) == pytest.approx(pool["edge"][-1], rel=1e-9)
        assert all(bid < ask for bid, ask in zip(pool["bid"], pool["ask"], strict=True))
    assert len(replay["price"]) == 200
    assert "Replay of seed 5" in (copied / told["files"]["page"]).read_text()


def test_training_is_judged_on_seeds_it_has_not_seen(mine: Path, call: Call) -> None:
    """By gradient; the trained line-up is an experiment of its own,
    and the best fixed fee is what it is compared with.
    """
    words = (
        "compete",
        "strategies=[mine.py:Mine]",
        "strategy.Mine.fee_bps=5",
        "steps=200",
        "epoch.length=100",
        "simulations=32",
    )
    told = call(
        *words,
        "--optimise",
        "optimise.steps=12",
        "optimise.batch=16",
        "optimise.train_simulations=16",
        "--json",
    ).json
    assert told["train"]["first"] + told["train"]["count"] <= told["test"]["first"]
    assert told["parameters"]["fee_bps"]["trained"] > 5
    trained, given, fixed = told["results"]
    assert trained["train"]["mean"] > given["test"]["mean"]
    assert trained["over_best_fixed_fee"]["low"] <= trained["over_best_fixed_fee"]["high"]
    assert "over_best_fixed_fee" not in fixed
    again = call(
        "compete", f"conf={told['files']['experiment']}", *words[3:], "seed=2000000", "--json"
    ).json
    assert again["standings"][0]["edge"] == trained["test"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["strategies=[fixd_fee]"], "did you mean 'fixed_fee'"),
        (["strategies=[dynamic_fe]"], "did you mean 'dynamic_fee'"),
        (["strategies=[nowhere.py:Mine]"], "cannot be read"),
        (["strategies=[mine.py:Min]"], "did you mean 'Mine'"),
        (["strategies=[mine.py]"], "it has several strategies; write FILE.py:Class"),
        (["strategies=[]"], "is not a list of strategies"),
        (["strategies=[{fee_bps: 3}]"], "neither a name"),
        (["strategies=[{kind: fixed_fee, fe_bps: 3}]"], "did you mean 'fee_bps'"),
        (["strategies=[fixed_fee]", "strategy.fixed_fe.fee_bps=3"], "did you mean 'fixed_fee'"),
        (
            ["strategies=[fixed_fee]", "strategy.fixed_fee.fee_bps=x"],
            "strategy.fixed_fee.fee_bps: 'x' is not a number",
        ),
        (["simulations=0"], "0 is below 1"),
        (
            ["steps=500", "epoch.length=1000"],
            "epoch.length: 1000 steps are more than the simulation has (500); leave it out",
        ),
        (["epoch.floor=0.5"], "leaves no capital to move"),
        (["--sweep", "fee_bps=1"], "cannot be read"),
        (["--replay", "x"], "is not SEED"),
        (["--replay", "1:5:20000"], "are not within"),
        (["--tournament", "all"], "not one of pairs"),
        (["--verify", "r.json", "--sweep", "x=1:2:3"], "cannot be combined with"),
        (
            ["strategies=[fixed_fee]", "--until-decided"],
            "--until-decided: compares strategies; give at least two",
        ),
        (
            ["strategies=[mine.py:Broken]", "simulations=2", "steps=20", "epoch.length=null"],
            "mine.py failed in line",
        ),
        (["leaderbord"], "did you mean 'leaderboard'"),
        (["compat=challenge", "market=lognormal"], "write market=challenge"),
    ],
)
def test_what_is_wrong_is_one_line(words: list[str], said: str, mine: Path, call: Call) -> None:
    """Exit 2, where it is and what to do, and nothing is written."""
    call("compete", *words).one_line(2, said)
    assert not list(mine.glob("runs/*/*.json"))


def test_a_folder_that_cannot_be_written_is_one_line(copied: Path, call: Call) -> None:
    """Exit 4; what was there stays."""
    (copied / "runs" / "blocked").write_text("")
    call(*WORDS, "runs_dir=runs/blocked").one_line(4, "cannot be")


def test_strategies_are_shown_with_their_settings(call: Call) -> None:
    """Kinds, and the names that conf/strategy gives some of them."""
    assert {"fixed_fee", "fixed_20"} <= {
        each["name"] for each in call("show", "strategies", "--json").json["found"]
    }
    (one,) = call("show", "strategies", "fixed_20", "--json").json["found"]
    assert one["settings"][0]["default"] == 20.0
    schema = call("config", "schema", "compete", "--json").json["schema"]
    assert "fixed_fee" not in json.dumps(schema["properties"]["epoch"])
    assert call("config", "validate", "compete", "--json").json["valid"] is True
