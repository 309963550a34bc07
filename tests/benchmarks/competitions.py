"""What a step of a competition costs on one core: strategies and the normaliser, the market given."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from trees import Tree, TreeError

_PLAYED = str(Path(__file__).with_name("played.py"))
_WANTED = {"fixed fees": (0.072, 0.176, 0.336), "with state": (0.16, 0.76, 1.74), "curves": (0.44, 1.74, 4.6)}
"""Processor µs a step and simulation, of 1, 4 and 8 strategies."""


class Competition(NamedTuple):
    """One measurement."""

    what: str
    strategies: int
    wanted: float

    @property
    def name(self) -> str:
        """What ``--only`` is matched with."""
        return f"competition, {self.what}, {self.strategies}"


def competitions() -> Iterator[Competition]:
    """Kinds of strategies, a few and many of them."""
    for what, wanted in _WANTED.items():
        for strategies, target in zip((1, 4, 8), wanted, strict=True):
            yield Competition(what, strategies, target)


def played(tree: Tree, one: Competition) -> dict[str, Any]:
    """``step`` in seconds of the processor, and seconds of ``first``, compiling included; or why there are none."""
    done = tree.python(_PLAYED, one.what, str(one.strategies))
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return {"skipped": str(TreeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "nothing was said"))}
    return found
