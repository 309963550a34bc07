"""``pytest --quick``: one component of each kind, one case of each table, nothing heavy, no
processes. What ``make quick`` runs.

``pytest --versions``: what another version of Python or JAX may change. Vectors, and tests that are
marked so, are about the numbers that compiled programs find, and run whole; of others, which are
about our mathematics, the first case runs, and nothing heavy.
"""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

PROCESS = "starts a process of its own; make test runs it"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the cases of a test the first stays: components are sorted by name,
    tables begin with what is usual.
    """
    if not (config.getoption("--quick") or config.getoption("--versions")):
        return
    first: dict[Any, pytest.Item] = {}
    for item in items:
        test = (item.path, getattr(item, "originalname", item.name), getattr(item, "cls", None))
        if config.getoption("--versions") and _whole(item):
            first[item] = item
        elif item.get_closest_marker("heavy") is None:
            first.setdefault(test, item)
    stay = set(map(id, first.values()))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in stay])
    items[:] = first.values()


def _whole(item: pytest.Item) -> bool:
    """Whether all cases of a test run with ``--versions``."""
    return item.path.parent.name == "vectors" or item.get_closest_marker("versions") is not None


@pytest.fixture(autouse=True, scope="session")
def no_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that would start one is skipped where it does."""
    if not request.config.getoption("--quick"):
        yield
        return
    start = subprocess.Popen.__init__

    def begun(self: Any, command: Any, *rest: Any, **more: Any) -> None:
        if command[0] != "git":  # a run asks for the commit it is made by
            pytest.skip(PROCESS)
        start(self, command, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", begun)
        yield
