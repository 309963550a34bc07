"""Prints for benchmarks of version 0 what ``lines.py`` of later versions prints itself.

    python version0.py FOLDER [--full]

What starts a process is not a list in that folder but functions. They are called here with a tree
that starts nothing and writes down what it is asked.
"""

import json
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any


class Tree:
    """Stands for a source tree. What it was asked is in ``asked``."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def qsim(self, *words: str, **environment: str) -> SimpleNamespace:
        """A command, whose exit code is about to be compared with the one that is expected."""
        self.asked |= {"words": words, "empty_cache": "QSIM_CACHE" in environment}
        return SimpleNamespace(returncode=Code(self.asked), stderr="")

    def python(self, script: str, *words: str, **_: str) -> SimpleNamespace:
        """``first_step.py``. The last word is -q."""
        self.asked |= {"words": words[:-1], "first_step": True}
        return SimpleNamespace(stdout="0", stderr="")


class Code:
    """An exit code that is the expected one."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked

    def __ne__(self, expected: object) -> bool:
        self._asked["code"] = expected
        return False


def process(name: str, target: float | None, times: int, how: Any) -> dict[str, Any]:
    """A command, and how it is measured."""
    tree = Tree()
    how(tree)
    more = {"name": name, "target": target, "times": times}
    return {"code": 0, "first_step": False, "empty_cache": False} | more | tree.asked


def listed(full: bool) -> dict[str, Any]:
    """All there is; the oldest benchmarks have less."""
    lines = import_module("lines")
    listing: dict[str, Any] = {"version": 0, "processes": [], "competitions": []}
    listing["lines"] = [one.asked(None) for one in (*lines.steps(full), *lines.paths(full))]
    try:
        startups = import_module("startup").startups(full)
        listing["processes"] = [process(*one) for one in startups]
        played = import_module("competitions").competitions()
        listing["competitions"] = [one._asdict() | {"name": one.name} for one in played]
    except ModuleNotFoundError:
        pass
    return listing


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    print(json.dumps(listed("--full" in sys.argv[2:])))
