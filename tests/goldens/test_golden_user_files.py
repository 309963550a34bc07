"""Components in files of users, written after the README of version 9274b26, work as they did."""

import ast
from importlib import import_module
from pathlib import Path

import pytest
import toy
from played import keys_changed, numbers_changed, played
from scene import USER_FILES, words
from scenes import SCENES

README = {
    "quantamm_cli.compete.strategy": ("Strategy",),
    "quantamm_cli.core.bijectors": ("Log2", "Memory", "decay"),
    "quantamm_cli.core.minute": ("window",),
    "quantamm_cli.core.params": ("Parameter",),
    "quantamm_cli.core.types": ("Path",),
    "quantamm_cli.metrics.base": ("metric",),
    "quantamm_cli.pools.base": ("AbstractPool", "shares"),
    "quantamm_cli.pools.wrap": ("Wrapper",),
    "quantamm_cli.rules.base": ("WeightRule", "centred"),
}
"""What it told to import."""
EXAMPLES = {
    "quantamm_cli.compete.strategy": ("Epoch", "Scalar", "Swap"),
    "quantamm_cli.core.arbitrage": ("settle",),
    "quantamm_cli.core.loop": ("checkpointed_scan",),
    "quantamm_cli.core.minute": ("Minute", "minutes"),
    "quantamm_cli.core.prefix": ("cumulative",),
    "quantamm_cli.core.trading": ("Swap", "traded"),
    "quantamm_cli.core.types": ("Feed", "Params"),
    "quantamm_cli.pools.base": ("Row", "held", "opening_weights"),
    "quantamm_cli.pools.cow": ("Cow",),
    "quantamm_cli.rules.base": ("Clock",),
}
"""What the examples import that it pointed to: ``pools/cow.py``, rules and strategies there are."""
PATHS = [(module, name) for module, names in [*README.items(), *EXAMPLES.items()] for name in names]


@pytest.mark.parametrize(("module", "name"), PATHS, ids=[".".join(path) for path in PATHS])
def test_what_users_files_import_is_still_there(module: str, name: str) -> None:
    """A module that moves leaves an alias where it was."""
    cure = f"files of users say `from {module} import {name}`: leave an alias where it was"
    try:
        assert hasattr(import_module(module), name), cure
    except ImportError as failure:
        pytest.fail(f"{cure} ({failure})")


def test_users_files_import_nothing_else() -> None:
    """So that the list above is complete."""
    for path in USER_FILES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("quantamm_cli"):
                assert {one.name for one in node.names} <= set(README[str(node.module)]), path


def test_users_files_compute_what_they_did(tmp_path: Path) -> None:
    """To the numbers that version 9274b26 printed."""
    answers = played(SCENES["user files"], tmp_path)
    changed = numbers_changed("user files", answers) + keys_changed("user files", answers)
    assert not changed, "\n".join(changed)


def test_a_rule_that_declares_nothing_on_chain_is_no_longer_exported(tmp_path: Path) -> None:
    """Version 9274b26 read wrong numbers out of the names of its parameters, with exit code 0."""
    scene = SCENES["user files"]
    scene.furnish(tmp_path)
    train = next(line for line in scene.commands if line.startswith("train"))
    run = toy.call(*words(train), "--json", folder=tmp_path).json["run"]
    toy.call("export", run, folder=tmp_path).one_line(
        2, "export: k_per_day declares no on-chain form", "onchain=OnChain('k_per_day')"
    )
