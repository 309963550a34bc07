"""Runs to look at, and ways to make some."""

import shutil
from functools import partial
from pathlib import Path

import pytest
import toy
from toy import Call

from quantamm_cli.config.components import load_plots, load_strategies
from quantamm_cli.reporting.plot import PLOTS
from quantamm_cli.settings.component import REGISTER


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """``qsim`` within this process, in an empty folder."""
    return partial(toy.call, folder=tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished toy run in it; only to be read."""
    folder = tmp_path_factory.mktemp("finished")
    answer = toy.call("train", *toy.TOY, "--json", folder=folder)
    assert answer.code == 0, answer.err
    (folder / "answer.json").write_text(answer.out)
    return folder


@pytest.fixture
def trained(finished: Path, tmp_path: Path) -> Path:
    """The empty folder with a copy of the finished toy run in it."""
    shutil.copytree(finished / "runs", tmp_path / "runs")
    return tmp_path


@pytest.fixture
def own_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components and plots that the test's files register go with it."""
    load_strategies()
    load_plots()
    for kind in PLOTS:
        monkeypatch.setitem(PLOTS, kind, dict(PLOTS[kind]))
    for group in REGISTER:
        monkeypatch.setitem(REGISTER, group, dict(REGISTER[group]))
