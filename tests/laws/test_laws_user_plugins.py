"""``pytest --plugins=FILE``.

A user's components are tried by the laws of their kinds, and those that break one are told so.
"""

import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest
import user_plugins

RULES = '''
import jax.numpy as jnp

from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.params import Parameter
from quantamm_cli.rules.base import WeightRule, centred


class Rule(WeightRule):
    """What the others have in common."""

    def parameters(self, clock):
        return (Parameter("log_k", "k_per_day", "1/day", Log2(), 1.0, 0.1, 100.0, log=True),)

    def change(self, recur, price):
        average, _ = recur("average", jnp.full_like(price, 0.9), 0.1 * price, price)
        return 1 - price / average


class Lawful(Rule, kind="lawful"):
    """Weights lean against the distance of the price from its average."""

    def signal(self, recur, seen, params, clock):
        return centred(jnp.exp2(params["log_k"]), self.change(recur, seen.price))


class Lopsided(Rule, kind="lopsided"):
    """Its changes do not sum to zero."""

    def signal(self, recur, seen, params, clock):
        return jnp.exp2(params["log_k"]) * self.change(recur, seen.price)


class Foresighted(Rule, kind="foresighted"):
    """Looks at the price after next."""

    def signal(self, recur, seen, params, clock):
        later = jnp.roll(seen.price, -2, axis=0)
        return centred(jnp.exp2(params["log_k"]), self.change(recur, later))
'''
LAWS = "changes_sum_to_zero or does_not_hear_of_the_future and vectorized"


def test_a_rule_of_a_user_is_under_the_laws_of_rules(root: Path, tmp_path: Path) -> None:
    """One that keeps them passes.

    Weights that do not sum to one and a look into the future fail the law that says so.
    """
    (tmp_path / "mine.py").write_text(RULES)
    options = ["-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts=", "--junitxml=found.xml"]
    rules = [str(root / "tests/laws/test_laws_rules.py"), "-k", LAWS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *rules, "--plugins=mine.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    cases = Xml.parse(tmp_path / "found.xml").getroot().iter("testcase")
    failed = {
        case.attrib["name"].removeprefix("test_"): case.find("failure") is not None
        for case in cases
    }
    sums, hears = "changes_sum_to_zero_or_weights_to_one", "the_past_does_not_hear_of_the_future"
    assert failed == {
        f"{sums}[foresighted]": False,
        f"{sums}[lawful]": False,
        f"{sums}[lopsided]": True,
        f"{hears}[vectorized-foresighted]": True,
        f"{hears}[vectorized-lawful]": False,
        f"{hears}[vectorized-lopsided]": False,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1\n", "declares no component"), ("1 / 0\n", "failed in line 1: ZeroDivisionError")],
)
def test_a_file_without_components_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """Not passed over in silence, as if all laws held."""
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(pytest.UsageError, match=message):
        user_plugins.load([str(tmp_path / "mine.py")])
    assert user_plugins.DECLARED == {}
