"""Competitions of objects: the same competition as of files and names,
and another whenever code changes.
"""

from pathlib import Path
from types import ModuleType

import pytest

import quantamm_cli as qsim

MINE = """
from quantamm_cli import Strategy

SCALE = {scale}


def scaled(gain):
    return gain * SCALE


class Mine(Strategy):
    gain: float = 0.003

    def fees(self, state):
        return scaled(self.gain), self.gain
"""


def loaded(text: str, file: Path | None = None) -> ModuleType:
    """A module of this text, of a file or, as a notebook's cells are, of none."""
    import sys

    module = ModuleType("mine_of_a_test")
    sys.modules[module.__name__] = module
    if file is not None:
        file.write_text(text)
        module.__file__ = str(file)
    exec(compile(text, str(file or "<cell>"), "exec"), vars(module))
    return module


def small(tmp_path: Path) -> qsim.Settings:
    return qsim.compose("compete", "simulations=4", "steps=200", f"runs_dir={tmp_path / 'runs'}")


def test_objects_classes_names_and_mappings_compete(tmp_path: Path) -> None:
    mine = loaded(MINE.format(scale=1)).Mine
    entries = [
        "fixed_fee",
        mine(gain=0.01),
        mine,
        {"kind": "fixed_fee", "fee_bps": 10.0, "name": "cheap"},
    ]
    result = qsim.compete(small(tmp_path).line_up(entries))
    assert sorted(row.name for row in result.standings[:-1]) == [
        "Mine",
        "Mine_2",
        "cheap",
        "fixed_fee",
    ]
    edges = {row.name: row.edge.mean for row in result.standings}
    assert edges["Mine_2"] == edges["fixed_fee"] != edges["Mine"]
    page = qsim.report(result).path.read_text()
    assert all(f"{row.name}" in page for row in result.standings[:-1])
    again = qsim.compete(small(tmp_path).line_up(entries))
    assert (result.status, again.status) == ("new", "reused")


def test_a_list_of_strategies_is_a_competition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = qsim.compete(["fixed_fee"], simulations=2)
    assert result.competition.settings.simulations == 2
    assert result.competition.settings.steps == qsim.compose("compete").competition().steps


def test_a_class_of_a_file_is_that_file(tmp_path: Path) -> None:
    """What the command line calls FILE.py:Class is the same competition."""
    file = tmp_path / "mine.py"
    mine = loaded(MINE.format(scale=1), file).Mine
    words = small(tmp_path).but(f"strategies=[fixed_fee,{file}:Mine]")
    assert small(tmp_path).line_up(["fixed_fee", mine]).fingerprint == words.fingerprint
    assert (
        small(tmp_path).line_up(["fixed_fee", mine(gain=0.5)]).fingerprint
        == words.but("strategy.Mine.gain=0.5").fingerprint
    )


def test_code_of_a_notebook_names_its_competition(tmp_path: Path) -> None:
    """Also the functions and numbers it uses; the same text again is the same."""
    texts = [
        MINE.format(scale=1),
        MINE.format(scale=2),
        MINE.format(scale=1).replace("gain * SCALE", "gain / SCALE"),
        MINE.format(scale=1).replace("), self.gain", "), 2 * self.gain"),
        MINE.format(scale=1).replace("0.003", "0.004"),
    ]
    names = [small(tmp_path).line_up([loaded(text).Mine]).fingerprint for text in texts]
    assert len(set(names)) == len(texts)
    assert small(tmp_path).line_up([loaded(texts[0]).Mine]).fingerprint == names[0]
    assert small(tmp_path).line_up([loaded("\n\n" + texts[0]).Mine]).fingerprint == names[0]


POOL = """
from quantamm_cli.core.quotes import Quotes, paid_first
from quantamm_cli.pools.base import AbstractPool


class Product(Quotes):
    def out_given_in(self, state, reserves, pay, amount):
        (into, out_of), counted = paid_first(reserves, pay), amount * {keeps}
        return out_of * counted / (into + counted)


class Mine(AbstractPool, kind="mine_of_a_test"):
    def frictionless(self, params, feed, start, rows):
        raise NotImplementedError

    def quotes(self, params, fee):
        return Product()
"""


def test_code_of_a_pool_names_its_competition(tmp_path: Path) -> None:
    """Whether it comes alone or within a strategy's settings, also the quotes it makes."""
    names = [
        small(tmp_path).line_up([entrant]).fingerprint
        for keeps in (0.997, 0.996)
        for pool in (loaded(POOL.format(keeps=keeps)).Mine(),)
        for entrant in (pool, {"kind": "pool", "pool": pool, "name": "mine_of_a_test"})
    ]
    assert names[0] == names[1] != names[2] == names[3]
    assert small(tmp_path).line_up(["balancer"]).competition().strategies[0].source is None


USED = {
    "a set": ("K = {0.001}", "min(K)", "0.001", "0.05"),
    "bytes": ("K = b'0.001'", "float(K)", "0.001", "0.05"),
    "a list of arrays": (
        "import numpy as np\nK = [np.zeros(2000), np.arange(3)]\nK[0][1000] = 0.001",
        "float(K[0][1000])",
        "0.001",
        "0.05",
    ),
    "a namespace": (
        "from types import SimpleNamespace\nK = SimpleNamespace(a=[0.001])",
        "K.a[0]",
        "0.001",
        "0.05",
    ),
    "a partial": (
        "from functools import partial\ndef f(x): return x\nK = partial(f, 0.001)",
        "K()",
        "0.001",
        "0.05",
    ),
    "a compiled function": ("import jax\n@jax.jit\ndef K(): return 0.001", "K()", "0.001", "0.05"),
    "nothing": ("K = None", "(0.001 if K is None else K)", "K = None", "K = 0.05"),
    "a dictionary of functions": ("K = {'a': lambda: 0.001}", "K['a']()", "0.001", "0.05"),
}


@pytest.mark.parametrize(("head", "use", "old", "new"), USED.values(), ids=USED)
def test_whatever_code_uses_names_its_competition(
    head: str, use: str, old: str, new: str, tmp_path: Path
) -> None:
    """The same again is the same; another value is another, however it is held."""
    text = f"{head}\n{MINE.format(scale=1)}".replace("gain * SCALE", f"gain + {use}")
    names = [
        small(tmp_path).line_up([loaded(each).Mine]).fingerprint
        for each in (text, text, text.replace(old, new))
    ]
    assert names[0] == names[1] != names[2]


def test_a_number_that_changes_under_a_class_is_played(tmp_path: Path) -> None:
    """The class is the same object, and its compiled program would be, too."""
    module = loaded(MINE.format(scale=1))
    edges = []
    for scale in (1, 5):
        module.SCALE = scale
        edges.append(qsim.compete(small(tmp_path).line_up([module.Mine])).standings[0].edge.mean)
    fresh = (
        qsim.compete(small(tmp_path / "other").line_up([loaded(MINE.format(scale=5)).Mine]))
        .standings[0]
        .edge.mean
    )
    assert edges[0] != edges[1] == fresh


def test_attributes_of_a_class_name_its_competition(tmp_path: Path) -> None:
    """Private ones, constants, cached properties and static methods; an object that nobody
    understands is never the same.
    """
    body = """
    _k: float = 0.001
    LIMITS: ClassVar[set] = {0.002}

    @cached_property
    def slow(self):
        return 0.003

    @staticmethod
    def fixed():
        return 0.004
"""
    text = MINE.format(scale=1).replace(
        "    gain: float = 0.003\n", f"    gain: float = 0.003\n{body}"
    )
    text = "from functools import cached_property\nfrom typing import ClassVar\n" + text
    made = [
        text,
        *(text.replace(f"0.00{digit}", "0.05") for digit in (1, 2, 4)),
        text.replace("return 0.003", "return 0.05"),
    ]
    names = [small(tmp_path).line_up([loaded(each).Mine]).fingerprint for each in made]
    assert len(set(names)) == len(names)
    assert small(tmp_path).line_up([loaded(text).Mine]).fingerprint == names[0]
    strange = MINE.format(scale="object()").replace("gain * SCALE", "gain if SCALE else 0")
    assert (
        small(tmp_path).line_up([loaded(strange).Mine]).fingerprint
        != small(tmp_path).line_up([loaded(strange).Mine]).fingerprint
    )


def test_classes_that_a_function_makes_are_told_apart(tmp_path: Path) -> None:
    """Their file is the same, what they close over is not."""

    def made(scale: float) -> type[qsim.Strategy]:
        class Made(qsim.Strategy):
            def fees(self, state: object) -> tuple[float, float]:
                return scale, scale

        return Made

    one, same, other = (
        small(tmp_path).line_up([made(scale)]).fingerprint for scale in (0.003, 0.003, 0.004)
    )
    assert one == same != other


def test_code_of_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    """With its line, and no traceback of ours."""
    broken = loaded(MINE.format(scale=1).replace("gain * SCALE", "gain.missing")).Mine
    with pytest.raises(
        qsim.ConfigError, match=r"strategies: <cell> failed in line 8: AttributeError: .*missing"
    ):
        qsim.compete(small(tmp_path).line_up([broken]))


def test_what_cannot_compete_is_refused(tmp_path: Path) -> None:
    class Empty(qsim.Strategy):
        pass

    mine = loaded(MINE.format(scale=1)).Mine
    with pytest.raises(
        qsim.ConfigError, match=r"strategies: .*Empty defines neither fees nor quote"
    ):
        small(tmp_path).line_up([Empty()])
    with pytest.raises(
        qsim.ConfigError,
        match=(
            r"strategy\.Mine: Mine is an object with settings of its own; set them "
            r"there: Mine\(\.\.\.\)"
        ),
    ):
        small(tmp_path).line_up([mine()]).but("strategy.Mine.gain=0.5")
    with pytest.raises(qsim.ConfigError, match="42 is neither a name"):
        small(tmp_path).line_up([42])  # type: ignore[list-item]
    with pytest.raises(qsim.ArgumentError, match="competition: are settings of train"):
        qsim.compete(qsim.compose("train"))
