"""Misspelt keys, groups, choices, options and commands get the right suggestion;
nothing gets a traceback.
"""

import random
import re
from pathlib import Path
from typing import Any

import pytest
from front_fixtures import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.flags import LOADS
from quantamm_cli.cli.main import main
from quantamm_cli.cli.parse import flags_of
from quantamm_cli.config import key_validation

pytest_plugins = ["front_fixtures"]

LETTERS = "abcdefghijklmnopqrstuvwxyz_"


def typo(name: str, dice: random.Random) -> str:
    """One letter dropped, doubled, changed, or swapped with its neighbour."""
    i = dice.choice(
        [
            i
            for i, sign in enumerate(name)
            if sign.isalnum() and not (i + 1 < len(name) and not name[i + 1].isalnum())
        ]
    )
    kind = dice.choice(["drop", "add", "change", "swap"])
    if kind == "drop" and len(name) > 3:
        return name[:i] + name[i + 1 :]
    if kind == "change":
        return name[:i] + dice.choice(LETTERS[:26]) + name[i + 1 :]
    if kind == "swap" and i + 1 < len(name):
        return name[:i] + name[i + 1] + name[i] + name[i + 2 :]
    return name[:i] + name[i] + name[i:]


def test_one_edit_typos_are_recognised(here: Path, qsim: Run) -> None:
    """F16: at least 95 % of the suggestions hold the right name."""
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.errors import ConfigError

    dice = random.Random(7)
    composer = Composer("train")
    tree = composer.tree()
    names = [name for name in key_validation.places(tree) if not name.endswith("kind")]
    right = wrong = 0
    missed = []

    def count(name: str, bad: str, said: str) -> None:
        nonlocal right, wrong
        if name in re.findall(r"'([^']*)'", said):
            right += 1
        else:
            wrong += 1
            missed.append((name, bad, said))

    for name in names * 4:
        bad = typo(name, dice)
        if bad not in names and not any(
            bad.startswith(f"{place}.") for place in key_validation.open_places(tree)
        ):
            count(name, bad, key_validation.unknown(bad, tree).message)
    for group in composer.loader.groups():
        for option in composer.loader.options(group):
            bad = typo(option, dice)
            if bad not in composer.loader.options(group):
                with pytest.raises(ConfigError) as failure:
                    composer.tree([f"{group}={bad}"])
                count(option, bad, failure.value.message.replace(f"called '{bad}'", ""))
    for name in COMMANDS:
        bad = typo(name, dice)
        if bad not in COMMANDS:
            count(name, bad, qsim(bad)[2])
    for flag in flags_of(COMMANDS["train"]):
        for name in (name for name in flag.names if name.startswith("--")):
            bad = "--" + typo(name[2:], dice)
            if bad != name:
                count(name, bad, qsim("train", bad)[2])
    for name in LOADS:
        bad = typo(name, dice)
        if bad not in LOADS:
            count(name, bad, qsim("train", "--load", bad)[2].replace(f"'{bad}' is not", ""))
    assert right + wrong >= 60
    assert right / (right + wrong) >= 0.95, missed


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("fee=0.003", "fee: no such setting (did you mean 'fees.fee'?)"),
        ("fees.fe=1", "fees.fe: no such setting of none (did you mean 'fees.fee'?)"),
        ("learning_rate=1", "(did you mean 'fit.learning_rate'?)"),
        ("sed=1", "(did you mean 'data.seed' or 'fit.seed'?)"),
        ("fees.fee.x=1", "fees.fee.x: no such setting: fees.fee is one value"),
        ("fees={fe: 1}", "fees.fe: no such setting of none"),
        (
            "fees=0.003",
            (
                "fees=0.003: fees is a group (flat, none, recorded); for the number "
                "write fees.fee=0.003"
            ),
        ),
        ("fees=null", "fees is a group"),
        ("fees=[none,flat]", "fees is a group"),
        (
            "fees=nome",
            "no fees is called 'nome' (did you mean 'none'?) (there are: flat, none, recorded)",
        ),
        ("pool=../fees/flat", "no pool is called '../fees/flat'"),
        ("pool.rule=momentum", "to choose one write pool/rule=momentum"),
        ("pool/rul=momentum", "pool/rul: no such group (did you mean 'pool/rule'?)"),
        ("pool.guard=3", "its settings are pool.guard.maximum_change"),
        ("params=3", "params: is not one value; write params.NAME=..."),
        ("start=", "start=: has no value; write start=null for none"),
        ("=3", "=3: is not key=value"),
        ("a b", "a b: is not key=value"),
        ("a b=1", "the key has a blank in it"),
        ("a..b=1", "the key cannot be read"),
        ("tokens=[BTC,ETH", "'[' is not closed"),
        ("start='x", "''' is not closed"),
        ("start=a=b", "the value cannot be read"),
        (
            "start=1,2",
            "several values; add -m to run each of them, or write start=[1,2] for a list",
        ),
        ("fit.seed=range(1,3)", "several values; add -m to run each of them\n"),
        ("~fees.fe", "did you mean 'fees.fee'"),
        ("~tokens.0", "an item of a list cannot be left out; write the whole list"),
        ("+fees.fee=1", "exists already; leave out the '+'"),
        ("tokens={BTC:1}", "tokens={BTC:1}: the setting is a list; write tokens=[...]"),
        ("+pool=balancer", "leave out the '+'"),
        ("hydra/launcher=nonesuch", "(there are: basic"),
        ("hydra.run.dr=1", "hydra.run.dr=1: no such setting"),
        ("x._target_=os.system", "_target_ is not allowed"),
        ("fees={_target_: os.system}", "_target_ is not allowed"),
        ("hydra.launcher._target_=os.system", "_target_ is not allowed"),
        ("start=${oc.env:HOME}", "start: ${oc.env:...} is allowed in runs_dir and data.dir only"),
        ("start=${now:%Y}", "start: ${now:...} is allowed"),
        ("start=${strt}", "start: ${strt}: no such setting (did you mean 'start'?)"),
        ("start=${start}", "start: "),
        ("conf=momm", "no experiment and no file is called 'momm' (did you mean 'mom'?)"),
        ("conf=mom.yml", "conf=mom.yml: no such file"),
        ("conf=", "takes the name of an experiment"),
        ("experiment=momm", "did you mean 'mom'"),
        ("start=\0", "NUL"),
    ],
)
def test_wrong_overrides(
    override: str, said: str, here: Path, qsim: Run, commands: list[Any]
) -> None:
    code, out, err = qsim("train", override)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize(
    "override",
    [
        "runs_dir=${oc.env:HOME}/x",
        "start=${end}",
        "~fees.fee",
        "+extra=1",
        "experiment=null",
        "fees={fee: 1}",
    ],
)
def test_overrides_that_compose(override: str, here: Path, qsim: Run, commands: list[Any]) -> None:
    assert qsim("train", override, "-q")[0] == 0


def test_the_machine_does_not_leak_through_another_key(
    here: Path, qsim: Run, commands: list[Any]
) -> None:
    assert qsim("train", "start=${runs_dir}", "-q")[0] == 0
    code, _, err = qsim("train", "start=${runs_dir}", "runs_dir=${oc.env:HOME}")
    assert code == 2
    assert "start: takes its value from runs_dir" in err


def test_a_token_that_yaml_misreads_is_explained(here: Path) -> None:
    from quantamm_cli.config.components import load_components
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.errors import ConfigError
    from quantamm_cli.settings.decode import decode
    from quantamm_cli.settings.run import Simulate

    load_components()
    Path("t.yaml").write_text("tokens: [BTC, ON]\n")
    tree = Composer("simulate", ("conf=t.yaml",)).tree()
    with pytest.raises(ConfigError, match="True is how YAML reads ON"):
        decode(Simulate, {"tokens": tree["tokens"]})


WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "train",
            "simulate",
            "-m",
            "--json",
            "--cfg",
            "job",
            "conf=mom",
            "--load",
            "last",
            "-q",
            "--",
            "~pool",
            "pool",
            "--info",
        ]
    ),
    st.builds(
        "{}{}={}".format,
        st.sampled_from(["", "+", "++", "~"]),
        st.sampled_from(
            [
                "fees",
                "fees.fee",
                "pool/rule",
                "params.x",
                "start",
                "conf",
                "hydra",
                "hydra.x",
                "tokens.0",
                "plugins",
                "",
                "a.b",
                "_target_",
            ]
        ),
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(
                ["1", "[1,2]", "{a: 1}", "${start}", "null", "a,b", "flat", "'", "${", "range(1,3)"]
            ),
        ),
    ),
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.sampled_from(["train", "simulate", "tune"]), words=st.lists(WORDS, max_size=3))
def test_no_words_bring_a_traceback(
    first: str,
    words: list[str],
    here: Path,
    commands: list[Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """F15, small."""
    commands.clear()  # what a failure shows stays short
    code = main([first, *words])
    assert code in (0, 2), (words, capsys.readouterr().err)
    assert "Traceback" not in capsys.readouterr().err
