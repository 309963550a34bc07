"""A folder with a complete conf/: the project's own, and stand-ins for the
groups that are not there.

PYTEST_DONT_REWRITE: the tests import names from here before pytest takes it as a plugin.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.main import main
from quantamm_cli.config.composed import Composed
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.workflows.results import Result

CONF = Path(__file__).resolve().parents[2] / "conf"
STAND_INS = {
    "data/synthetic": "kind: synthetic\nseed: 0\nburn_in_days: null\n",
    "pool/temporal": (
        "defaults:\n"
        "  - rule: momentum\n"
        "  - guard: standard\n"
        "  - _self_\n"
        "kind: temporal\n"
        "chunk_period: 1440\n"
        "arb_quality: 1.0\n"
    ),
    "pool/balancer": "kind: balancer\n",
    "pool/rule/momentum": "kind: momentum\nuse_alt_lamb: false\n",
    "pool/rule/power_channel": "kind: power_channel\nuse_alt_lamb: false\n",
    "pool/guard/standard": "kind: standard\nmaximum_change: 3.0e-4\nminimum_weight: null\n",
    "metric/daily_log_sharpe": "kind: daily_log_sharpe\nturnover_penalty: 0.0\n",
    "fit/adamw": (
        "kind: adamw\nsteps: 1000\nlearning_rate: 0.1\nbatch_size: 8\nparameter_sets: 4\nseed: 0\n"
    ),
    "experiment/mom": (
        "# @package _global_\n"
        "# train, 5 s: a channel\n"
        "defaults:\n"
        "  - override /pool/rule: power_channel\n"
        "\n"
        "fees:\n"
        "  arb_frequency: 2\n"
    ),
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder but for conf/."""
    shutil.copytree(CONF, tmp_path / "conf")
    for name, text in STAND_INS.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        if name == "experiment/mom" or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def qsim(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run main in this process: exit code, stdout, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(words)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@dataclass(frozen=True)
class Two(Result):
    """Two numbers, one of them NaN."""

    seed: Json

    def to_dict(self) -> dict[str, Json]:
        return {"x": float("nan"), "seed": self.seed}

    def tables(self) -> list[Table | str]:
        return [Table.of("scores", ["metric", ("value", ".2f")], [["daily_log_sharpe", 1.234]])]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], Any]]:
    """The commands, replaced by one that remembers its calls and returns two numbers."""
    calls: list[tuple[dict[str, Any], Any]] = []

    def run(composed: Composed, options: Any, monitor: Any) -> Result:
        calls.append((dict(composed.tree), options))
        return Two(composed.group("fit").get("seed"))

    for name in ("simulate", "train", "tune", "evaluate", "runs"):
        monkeypatch.setitem(COMMANDS, name, replace(COMMANDS[name], run=run))
    return calls


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components: only those that need no JAX."""
    monkeypatch.setattr("quantamm_cli.config.components._HOMES", ("settings.run",))
