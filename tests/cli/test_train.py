"""``qsim train``: new, resumed, reused, fresh; the checkpoint; what is selected."""

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import toy
from toy import METRIC, RULES, TOY, Call

from quantamm_cli.store.inputs import Inputs


def canonical(tree: Any) -> bytes:
    """Canonical JSON, written down once more."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def files(folder: Path) -> dict[str, bytes]:
    """Every file below, by name; lock files say only who holds them."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def test_the_second_call_reuses_and_changes_nothing(trained: Path, call: Call) -> None:
    before = files(trained / "runs")
    answer = call("train", *TOY, "--json")
    assert answer.json["status"] == "reused"
    assert "is finished; reusing it" in answer.err
    assert files(trained / "runs") == before


def test_another_setting_is_another_run(trained: Path, call: Call) -> None:
    answer = call("train", *TOY, "fit.seed=1", "--json")
    assert answer.json["status"] == "new"
    assert len(list((trained / "runs").glob("run_*.json"))) == 2


def test_fresh_keeps_the_old_run_beside_and_makes_the_same_again(trained: Path, call: Call) -> None:
    old, path = toy.essence(trained), toy.checkpoint(trained)
    bytes_before = path.read_bytes()
    assert call("train", *TOY, "--fresh", "--json").json["status"] == "new"
    assert toy.essence(trained) == old
    beside = [
        found for found in (trained / "runs").glob(f"{path.name}.*") if found.suffix != ".lock"
    ]
    assert [found.read_bytes() for found in beside] == [bytes_before]
    assert (
        trained / "runs" / f"{path.stem}.{beside[0].name.split('.')[-1]}" / "history.jsonl"
    ).exists()
    assert len(call("runs", "list", "--json").json["runs"]) == 1
    assert call("runs", "verify").code == 0


def test_a_dry_run_names_the_run_and_touches_nothing(
    tmp_path: Path, finished: Path, call: Call
) -> None:
    answer = call("train", *TOY, "--dry-run")
    named = toy.checkpoint(finished).name
    assert answer.code == 0
    assert f"checkpoint  runs/{named}" in answer.out
    assert json.loads(answer.out.split("\nfingerprint")[0]) == toy.document(finished)["settings"]
    assert not list(tmp_path.iterdir())
    assert call("train", *TOY, "--dry-run", "--fresh", "--json").json["run"] == named.removesuffix(
        ".json"
    )
    assert not list(tmp_path.iterdir())


def test_a_dry_run_leaves_a_finished_run_alone(trained: Path, call: Call) -> None:
    before = files(trained)
    assert "(exists)" in call("train", *TOY, "--dry-run", "--fresh").out
    assert files(trained) == before


def test_places_and_what_is_written_down_do_not_name_a_run(finished: Path, call: Call) -> None:
    told = call("train", *TOY, "runs_dir=elsewhere", "output.every=60", "--dry-run", "--json").json
    assert told["run"] == toy.checkpoint(finished).stem


def test_the_checkpoint_is_what_the_contract_says(finished: Path) -> None:
    text = toy.checkpoint(finished).read_text()
    saved = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert set(saved) == {
        "schema",
        "settings",
        "fingerprint",
        "sha256",
        "provenance",
        "status",
        "entries",
    }
    assert saved["status"] == "finished"
    assert (
        saved["fingerprint"]
        == hashlib.sha256(canonical(saved["settings"])).hexdigest()
        == toy.checkpoint(finished).stem[4:]
    )
    rest = {key: value for key, value in saved.items() if key != "sha256"}
    assert saved["sha256"] == hashlib.sha256(canonical(rest)).hexdigest()
    assert {
        "qsim",
        "python",
        "libraries",
        "device",
        "git",
        "data",
        "burn_in_days",
        "carried",
    } <= set(saved["provenance"])
    assert saved["provenance"]["burn_in_days"] == 5
    assert len(saved["provenance"]["data"]) == 64
    assert not {"runs_dir", "plugins", "output"} & set(saved["settings"])
    for entry in saved["entries"]:
        assert set(entry) == {
            "step",
            "params",
            "readable",
            "objective",
            "metrics",
            "learning_rate",
            "since_improvement",
        }
        assert set(entry["params"]) == {"initial_weights_logits", "log_k", "logit_lamb"}
        assert set(entry["readable"]) == {"initial_weights", "k_per_day", "memory_days"}
        assert set(entry["metrics"]) == {"train", "validation", "test"}
        shapes = {len(rows) for rows in entry["params"].values()} | {
            len(row) for row in entry["params"]["log_k"]
        }
        assert shapes == {2}
        assert len(entry["objective"]) == len(entry["metrics"]["test"][METRIC]) == 2


def test_the_history_has_every_step_and_the_checkpoint_the_ones_that_count(finished: Path) -> None:
    entries, kept = toy.history(finished), toy.document(finished)["entries"]
    assert [entry["step"] for entry in entries] == list(range(7))
    assert all(entry == entries[entry["step"]] for entry in kept)
    picked = {choice[0] for rule in RULES if (choice := toy.chosen(entries, rule))}
    assert {entry["step"] for entry in kept} == picked | {0, 6}


def test_the_first_entry_is_the_initial_state(finished: Path) -> None:
    first = toy.history(finished)[0]
    assert first["readable"]["k_per_day"][0] == pytest.approx([20, 20], rel=1e-12)
    assert first["readable"]["memory_days"][0] == pytest.approx([10, 10], rel=1e-12)
    assert first["readable"]["initial_weights"] == [[0.5, 0.5], [0.5, 0.5]]
    assert first["params"]["log_k"][1] != first["params"]["log_k"][0]


@pytest.mark.parametrize("rule", RULES)
def test_a_selection_is_the_best_entry_of_the_history(rule: str, finished: Path) -> None:
    """And the entry's own scores are those that its parameters get when
    they are evaluated again.
    """
    entries = toy.history(finished)
    expected = toy.chosen(entries, rule)
    answer = toy.call("evaluate", *TOY, "--load", rule, "--json", folder=finished)
    if expected is None:
        answer.one_line(2, f"{rule}: no step has a finite score at 0 or above")
        return
    told = answer.json
    step, chosen = expected
    assert told["selection"] == {"load": rule, "step": step, "set": chosen}
    entry = entries[step]
    assert told["params"]["raw"] == {
        name: values[chosen] for name, values in entry["params"].items()
    }
    for period, scores in entry["metrics"].items():
        for name, row in scores.items():
            assert told["metrics"][period][name] == pytest.approx(
                row[chosen], rel=1e-6, abs=1e-12
            ), (period, name)


def test_steps_zero_keeps_the_initial_entry_only(tmp_path: Path, call: Call) -> None:
    told = call("train", *TOY, "fit.steps=0", "--json").json
    assert (told["status"], told["selection"]["step"]) == ("new", 0)
    assert [entry["step"] for entry in toy.history(tmp_path)] == [0]


def test_a_metric_that_exists_nowhere_is_null_and_never_chosen(tmp_path: Path, call: Call) -> None:
    """By default it would select on too short a period, which is refused; on the training period
    it selects.
    """
    words = (*TOY, "split.selection_metric=weekly_max_drawdown", "--json")
    call("train", *words).one_line(2, "weekly_max_drawdown needs 7 days, but the validation period")
    assert not list(tmp_path.iterdir())
    told = call("train", *words, "--load", "best_train").json
    reason = told["undefined"]["validation.weekly_max_drawdown"]
    assert reason == "needs 7 days, got 3 days and 288 minutes"
    for entry in toy.document(tmp_path)["entries"]:
        assert entry["metrics"]["validation"]["weekly_max_drawdown"] == [None, None]
        assert None not in entry["metrics"]["train"]["weekly_max_drawdown"]


def test_without_validation_training_selects(tmp_path: Path, call: Call) -> None:
    told = call("train", *TOY, "split.validation_fraction=0", "--json").json
    assert told["selection"]["load"] == "best_train"
    assert set(told["metrics"]) == {"train", "test"}
    call("evaluate", *TOY, "split.validation_fraction=0", "--load", "best_validation").one_line(
        2, "no validation period"
    )


def test_without_a_test_period_nothing_is_chosen_on_it(tmp_path: Path, call: Call) -> None:
    call("train", *TOY, "test_end=null", "--load", "best_test").one_line(
        2, "best_test: these settings have no test period"
    )
    assert not list(tmp_path.iterdir())
    told = call("train", *TOY, "test_end=null", "--json").json
    assert set(told["metrics"]) == {"train", "validation"}
    call("evaluate", *TOY, "test_end=null", "--load", "best_train_min_test").one_line(
        2, "no test period"
    )


def test_parameters_are_where_training_begins(tmp_path: Path, call: Call) -> None:
    told = call(
        "train",
        *TOY,
        "fit.steps=0",
        "params.k_per_day=[7,9]",
        "params.memory_days=30",
        "--load",
        "last",
        "--json",
    )
    assert told.code == 0
    first = toy.history(tmp_path)[0]["readable"]
    assert first["k_per_day"][0] == pytest.approx([7, 9], rel=1e-12)
    assert first["memory_days"][0] == pytest.approx([30, 30], rel=1e-9)


def test_numbers_of_a_parameter_stay_with_their_token(tmp_path: Path, call: Call) -> None:
    """The other order of tokens, with the numbers in the other order,
    is the same training seen in a mirror.
    """
    noiseless = ("fit.noise_scale=0", "fit.parameter_sets=1", "--load", "last", "--json")
    one = call(
        "train", *TOY, "params.k_per_day=[5,60]", "params.initial_weights=[0.3,0.7]", *noiseless
    ).json
    other = call(
        "train",
        *TOY,
        "tokens=[ETH,BTC]",
        "params.k_per_day=[60,5]",
        "params.initial_weights=[0.7,0.3]",
        *noiseless,
    ).json
    assert one["run"] != other["run"]
    for form in ("raw", "readable"):
        for name, values in one["params"][form].items():
            assert other["params"][form][name] == pytest.approx(values[::-1], rel=1e-9), name
    assert other["final"]["weights"] == pytest.approx(one["final"]["weights"][::-1], rel=1e-9)
    assert other["final"]["reserves"] == pytest.approx(one["final"]["reserves"][::-1], rel=1e-9)
    assert other["final"]["value"] == pytest.approx(one["final"]["value"], rel=1e-9)


def test_other_data_under_the_same_name_is_refused(
    trained: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Inputs("0" * 64, {"prices": "0" * 64})
    monkeypatch.setattr("quantamm_cli.workflows.train.inputs_of", lambda settings, market: other)
    call("train", *TOY).one_line(
        3,
        "was made from other data",
        "0" * 64,
        toy.document(trained)["provenance"]["data"],
        "--fresh",
    )


RULE = '''
import jax.numpy as jnp
from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.params import Parameter
from quantamm_cli.rules.base import WeightRule, centred


class Mine(WeightRule, kind="mine_{name}"):
    """Buys what is dear."""

    def parameters(self, clock):
        bounds = {{"low": 0.1, "high": 1000.0, "log": True}}
        return (Parameter("log_k", "k_per_day", "1/day", Log2(), default=2.0, **bounds),)

    def signal(self, recur, seen, params, clock):
        return centred(jnp.exp2(params["log_k"]), seen.price / seen.price.sum(-1, keepdims=True))
'''


def test_a_rule_of_ones_own_trains_from_a_file_and_a_yaml(tmp_path: Path, call: Call) -> None:
    (tmp_path / "mine.py").write_text(RULE.format(name="a"))
    (tmp_path / "conf/pool/rule").mkdir(parents=True)
    (tmp_path / "conf/pool/rule/mine.yaml").write_text("# Mine.\nkind: mine_a\n")
    words = (*TOY, "plugins=[mine.py]", "pool/rule=mine", "fit.steps=2", "fit.learning_rate=1")
    told = call("train", *words, "--load", "last", "--json").json
    assert set(told["params"]["readable"]) == {"initial_weights", "k_per_day"}
    first, *_, last = toy.history(tmp_path)
    assert first["params"]["log_k"] != last["params"]["log_k"]
    assert call("evaluate", *words, "--json").json["run"] == told["run"]
    assert "mine_a" in call("show", "rules", "plugins=[mine.py]").out


def test_a_rule_of_ones_own_is_found_by_the_console_script(tmp_path: Path, call: Call) -> None:
    (tmp_path / "mine.py").write_text(RULE.format(name="b"))
    (tmp_path / "conf/pool/rule").mkdir(parents=True)
    (tmp_path / "conf/pool/rule/mine.yaml").write_text("kind: mine_b\n")
    words = ("train", *TOY, "plugins=[mine.py]", "pool/rule=mine", "--dry-run", "--json")
    answer = toy.script(*words, folder=tmp_path)
    assert answer.json["settings"]["pool"]["rule"] == {"kind": "mine_b"}
    call("train", *TOY, "pool/rule=mine", "--dry-run").one_line(
        2, "pool.rule", "no pool/rule is called 'mine_b'"
    )


def test_a_run_moved_to_another_folder_is_reused_there(trained: Path, call: Call) -> None:
    shutil.move(trained / "runs", trained / "moved")
    assert call("train", *TOY, "runs_dir=moved", "--json").json["status"] == "reused"
    assert not (trained / "runs").exists()


def test_every_number_of_a_checkpoint_is_finite_or_null(finished: Path) -> None:
    def walk(tree: Any) -> None:
        for item in (
            tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
        ):
            walk(item)
        assert not isinstance(tree, float) or math.isfinite(tree)

    walk(toy.document(finished))
