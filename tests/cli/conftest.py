"""Runs to look at, and ways to make some."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import own
import pytest
import toy
from toy import Call


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
def own_kinds() -> Iterator[None]:
    """Components and plots that the test's files register go with it."""
    with own.restored():
        yield
