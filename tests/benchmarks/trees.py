"""Source trees and the worker processes that measure them, one at a time."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("worker.py")


class TreeError(Exception):
    """A tree cannot do what was asked."""


class Tree:
    """A checkout of the project, and its worker once it is asked for something."""

    def __init__(self, name: str, home: Path, cache: Path) -> None:
        self.name, self.home = name, home
        self._environment = environment(home, cache)
        self._process: subprocess.Popen[str] | None = None

    def ask(self, do: str, *given: Any) -> dict[str, Any]:
        """A worker's answer. Raises TreeError with its reason."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, str(WORKER)], env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            print(json.dumps({"do": do, "with": given}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise TreeError(f"the worker ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise TreeError(answer["error"])
        return answer

    def qsim(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of this tree, to its end, in an empty folder."""
        return self.python("-m", "quantamm_cli", *words, **more)

    def python(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A Python process of this tree, to its end, in an empty folder."""
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, *words]
            return subprocess.run(command, cwd=folder, env=self._environment | more, capture_output=True, text=True, check=False)

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()


def environment(home: Path, cache: Path) -> dict[str, str]:
    """This environment with a tree's sources first and a cache of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    return kept | {"PYTHONPATH": str(home), "PYTHONSAFEPATH": "1", "QSIM_CACHE": str(cache)}


@contextmanager
def trees(base: str | None) -> Iterator[list[Tree]]:
    """This tree and, where a revision is named, that one: checked out beside the repository, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="qsim-bench-") as folder:
        found = [Tree("now", ROOT, Path(folder, "cache"))]
        home = Path(folder, "base")
        try:
            if base is not None:
                _git("worktree", "add", "--quiet", "--detach", str(home), base)
                found.insert(0, Tree(base, home, Path(folder, "cache-of-base")))
            yield found
        finally:
            for tree in found:
                tree.close()
            if home.exists():
                _git("worktree", "remove", "--force", str(home))


def revision() -> str:
    """The commit of this tree, as git describes it."""
    return _git("describe", "--always", "--dirty", "--abbrev=12")


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def contenders(found: Sequence[Tree]) -> dict[str, list[str]]:
    """The executors of each tree by its name; those that cannot say have none."""
    executors = {}
    for tree in found:
        try:
            executors[tree.name] = list(tree.ask("executors")["executors"])
        except TreeError as failure:
            print(f"{tree.name}: {failure}", file=sys.stderr)
            executors[tree.name] = []
    return executors
