"""Streams of random numbers do not meet."""

import re
from pathlib import Path

from figures import modules

NUMBERED = re.compile(r"(?:PCG64|SeedSequence)\(\[[^\]]*\b\d+\]\)")
NAMED = re.compile(r"^\s*MODEL\s*=", re.MULTILINE)
PER_STEP = {
    "training.windows",
    "training.redraw",
    "training.noise",
    "training.cma_es",
    "training.optuna",
}
OTHERS = {"core.params", "market.monte_carlo", "market.step"}


def test_every_tag_is_in_one_file(root: Path) -> None:
    """Where a stream is begun, its tag has the name that it has there."""
    texts = {name: path.read_text() for name, path in modules(root).items()}
    assert [
        name for name, text in texts.items() if NUMBERED.search(text) or NAMED.search(text)
    ] == []
    users = {
        name.removeprefix("quantamm_cli.")
        for name, text in texts.items()
        if re.search(r"\btags\.[A-Z_]+\]", text)
    }
    assert users == PER_STEP | OTHERS


def test_no_tag_serves_two_owners_of_one_kind(root: Path) -> None:
    """A seed with a step is another key than a seed alone, so the two kinds count apart."""
    source = (root / "quantamm_cli/random/tags.py").read_text()
    rows = re.findall(r'^(\w+) = (\S.*)\n"""``([\w.]+)``', source, re.MULTILINE)
    for owners in (PER_STEP, OTHERS):
        values = [value for _, value, owner in rows if owner in owners]
        assert len(values) == len(set(values)) >= 3
    names = [value for _, value, _ in rows if value.startswith('"')]
    assert len(set(names)) == 3
    assert len(rows) == len(re.findall(r"^[A-Z_]+ = ", source, re.MULTILINE))
