"""A folder for commands that write nothing, and a process that knows no
component of other tests.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from scene import USER_FILES

from quantamm_cli.settings.component import REGISTER


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's strategy in it and nothing else; only to be read."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copy(USER_FILES / "mine.py", folder)
    return folder


@pytest.fixture(autouse=True)
def only_our_components() -> Iterator[None]:
    """Components that other tests of this process have defined are out of sight meanwhile."""
    others = {
        (group, kind): cls
        for group, kinds in REGISTER.items()
        for kind, cls in kinds.items()
        if not cls.__module__.startswith(("quantamm_cli.", "qsim_"))  # users' files are loaded once
    }
    for group, kind in others:
        del REGISTER[group][kind]
    yield
    for (group, kind), cls in others.items():
        REGISTER[group][kind] = cls
