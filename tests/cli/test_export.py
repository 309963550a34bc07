"""``qsim export``: parameters as the contracts take them."""

import json
from pathlib import Path

import numpy as np
import pytest
import toy
from toy import TOY, Call


def test_both_forms_of_the_chosen_parameters(trained: Path, call: Call) -> None:
    name = toy.checkpoint(trained).stem
    told = call("export", name[4:14], "--load", "best_train", "--json").json
    own = call("evaluate", *TOY, "--load", "best_train", "--json").json
    assert (told["command"], told["run"], told["tokens"]) == ("export", name, ["BTC", "ETH"])
    assert told["selection"] == own["selection"]
    assert told["params"] == own["params"]
    readable = told["params"]["readable"]
    np.testing.assert_allclose(
        told["values"]["k"], np.multiply(readable["k_per_day"], readable["memory_days"]), rtol=1e-14
    )
    np.testing.assert_allclose(
        told["values"]["lamb"],
        1 / (1 + np.exp(-np.array(told["params"]["raw"]["logit_lamb"]))),
        rtol=1e-12,
    )
    for key, values in told["values"].items():
        np.testing.assert_allclose(
            [int(text) / 1e18 for text in told["strings"][key]], values, rtol=1e-15
        )
    assert told["strings"]["weights"] == ["500000000000000000"] * 2
    assert json.loads((trained / told["files"]["export"]).read_text()) == {
        key: told[key] for key in told if key != "files"
    }
    assert told["files"]["export"] == f"runs/{name}/export.json"
    assert call("runs", "verify").code == 0


def test_a_table_for_people(trained: Path, call: Call) -> None:
    out = call("export", toy.checkpoint(trained).stem).out
    assert "in units of 10^-18" in out
    assert "lamb" in out
    assert "500000000000000000" in out


def test_negative_numbers_and_squareplus_parameters(tmp_path: Path, call: Call) -> None:
    """What the defaults of two rules are stored as, and a strength that goes the other way."""
    assert (
        call("train", *TOY, "fit.steps=0", "pool/rule=difference_momentum", "params.k=-0.05").code
        == 0
    )
    told = call("export", toy.checkpoint(tmp_path).stem, "--load", "best_train", "--json").json
    chosen = told["selection"]["set"]
    if chosen == 0:
        assert told["strings"]["k"] == ["-500000000000000000"] * 2
    assert all(
        text.startswith("-") == (value < 0) and "." not in text
        for text, value in zip(told["strings"]["k"], told["values"]["k"], strict=True)
    )
    toy.checkpoint(tmp_path).unlink()
    words = (
        "pool/rule=mean_reversion_channel",
        "fit.parameter_sets=1",
        "params.width=0.25",
        "params.amplitude=0.5",
        "params.exponent=2",
    )
    assert (
        call(
            "train",
            *TOY,
            "fit.steps=0",
            *words,
            "params.pre_exp_scaling=0.5",
            "params.memory_days=10",
        ).code
        == 0
    )
    strings = call("export", toy.checkpoint(tmp_path).stem, "--json").json["strings"]
    for name, whole in (
        ("width", 0.25),
        ("amplitude", 5.0),
        ("exponents", 2.0),
        ("pre_exp_scaling", 0.5),
        ("k", 200.0),
    ):
        assert [int(text) for text in strings[name]] == pytest.approx(
            [whole * 1e18] * 2, rel=1e-13
        ), name


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "give one RUN: qsim export RUN"),
        (("abcdef", "abcdef"), 2, "give one RUN"),
        (("abcdef",), 4, "no run begins with abcdef"),
        (("nothing",), 4, "is not a run"),
        (("abcdef", "--load", "worst"), 2, "is not one of"),
        (("abcdef", "--dry-run"), 2, "is not an option of qsim export"),
    ],
)
def test_wrong_words_are_one_line(words: tuple[str, ...], code: int, said: str, call: Call) -> None:
    call("export", *words).one_line(code, said)


def test_help_is_there(call: Call) -> None:
    assert "usage: qsim export RUN" in call("export", "--help").out
    assert "export" in call("--help").out
