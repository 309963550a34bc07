"""``qsim train --run``: begin with another run's parameters, or take all of it over and go on."""

import json
from pathlib import Path

import pytest
import toy
from toy import TOY, Call


def test_a_run_made_longer_is_the_run_that_was_asked_for_more_steps(
    trained: Path, call: Call
) -> None:
    """Bit for bit: entries, selection, history; only the provenance may differ."""
    short = toy.document(trained)
    steps = short["settings"]["fit"]["steps"]
    longer = call(
        "train", "--run", short["fingerprint"][:8], "--continue", f"fit.steps={steps + 2}", "--json"
    )
    assert longer.json["status"] == "new"
    assert f"continuing from step {steps}" in longer.err
    whole = call("train", *TOY, f"fit.steps={steps + 2}", "runs_dir=whole", "--json")
    assert whole.json["run"] == longer.json["run"]
    one, other = (trained / place / f"{whole.json['run']}.json" for place in ("runs", "whole"))
    assert toy.essence_of(one) == toy.essence_of(other)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (
            ["fit.steps=9", "fit.learning_rate=0.2"],
            "--continue: takes more steps of the same run: only fit.steps",
        ),
        (["fit.steps=1"], "fit.steps: 1 is not more than the run's"),
    ],
)
def test_only_more_steps_make_a_run_longer(
    trained: Path, call: Call, words: list[str], where: str
) -> None:
    """Anything else is another run, and says so."""
    answer = call("train", "--run", toy.document(trained)["fingerprint"][:8], "--continue", *words)
    assert answer.code == 2
    assert where in answer.err


def test_a_schedule_is_not_made_longer(trained: Path, call: Call) -> None:
    """Its steps depend on how many there are."""
    cosine = call("train", *TOY, "fit.schedule=cosine", "--json")
    answer = call("train", "--run", cosine.json["run"], "--continue", "fit.steps=99")
    assert answer.code == 2
    assert "fit.schedule=cosine depends on the number of steps" in answer.err


def test_continuing_needs_a_run(tmp_path: Path, call: Call) -> None:
    """``--continue`` alone says what is missing."""
    answer = call("train", "--continue")
    assert answer.code == 2
    assert "--continue: needs --run RUN" in answer.err


def test_a_warm_start_begins_with_the_chosen_set_and_names_it(trained: Path, call: Call) -> None:
    """The first set of entry 0 is the selected one; run, step and set are in the settings; the
    command line's parameters win.
    """
    before = toy.document(trained)
    chosen = call("evaluate", *TOY, "--load", "best_train", "--json").json
    words = ["--run", before["fingerprint"][:8], "--load", "best_train", "fit.steps=1"]
    warm = call("train", *words, "--json").json
    document = json.loads((trained / "runs" / f"{warm['run']}.json").read_text())
    begun = document["entries"][0]["params"]
    assert {name: values[0] for name, values in begun.items()} == chosen["params"]["raw"]
    at = {
        "run": before["fingerprint"],
        "step": chosen["selection"]["step"],
        "set": chosen["selection"]["set"],
    }
    assert document["settings"]["warm_start"] == at
    assert call("evaluate", "--run", warm["run"], "--json").json["run"] == warm["run"]
    given = call("train", *words, "params.memory_days=9", "--json").json
    assert given["run"] != warm["run"]
    opened = json.loads((trained / "runs" / f"{given['run']}.json").read_text())["entries"][0]
    assert opened["readable"]["memory_days"][0] == pytest.approx(
        [9.0] * len(opened["readable"]["memory_days"][0]), rel=1e-12
    )
    assert opened["params"]["log_k"][0] == chosen["params"]["raw"]["log_k"]


def test_what_the_beginning_saw_of_the_test_is_said(trained: Path, call: Call) -> None:
    """A set chosen on the test period, or a test before the run's end, makes no out-of-sample
    score; nothing is said where it does.
    """
    words = ["train", "--run", toy.document(trained)["fingerprint"][:8], "fit.steps=1", "--dry-run"]
    said = "its scores are not out of sample"
    assert said not in call(*words).err
    assert (
        "used prices until 2021-01-28, and the test begins 2021-01-24"
        in call(*words, "--load", "best_test").err
    )
    assert said in call(*words, "end=2021-01-20").err
    assert said not in call(*words, "end=2021-01-20", "test_end=null").err


def test_a_pool_of_other_parameters_is_not_begun_with_these(trained: Path, call: Call) -> None:
    """One line that names the parameter."""
    answer = call(
        "train", "--run", toy.document(trained)["fingerprint"][:8], "pool/rule=difference_momentum"
    )
    assert answer.code == 2
    assert "which pool=temporal does not" in answer.err
