"""A folder for commands that write nothing."""

import shutil
from pathlib import Path

import pytest
from scene import USER_FILES


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's strategy in it and nothing else; only to be read."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copy(USER_FILES / "mine.py", folder)
    return folder
