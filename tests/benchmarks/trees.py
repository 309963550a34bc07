"""Source trees and the processes that measure them, each by the benchmarks of its own revision.

What is asked of those benchmarks is in the docstring of ``worker.py``.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lines import VERSION

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = Path("tests", "benchmarks")
VERSION_0 = str(Path(__file__).with_name("version0.py"))
KINDS = ("lines", "processes", "competitions")


class TreeError(Exception):
    """A tree cannot do what was asked."""


class Done(NamedTuple):
    """A process that has ended. ``peak_rss``: the most bytes of memory it had."""

    returncode: int
    stdout: str
    stderr: str
    peak_rss: int


class Tree:
    """A checkout of the project, and its worker once it is asked for something."""

    def __init__(self, name: str, home: Path, cache: Path) -> None:
        self.name, self.home = name, home
        self._environment = environment(home, cache)
        self._cache = cache
        self._places: dict[str, Path] = {}
        self._process: subprocess.Popen[str] | None = None

    def script(self, name: str) -> str:
        """The path of a program of this tree's benchmarks. Raises TreeError if there is none."""
        path = self.home / BENCHMARKS / name
        if not path.exists():
            raise TreeError(f"{self.name} has no {BENCHMARKS / name}")
        return str(path)

    @cache  # noqa: B019 - a handful of trees, as long as the process
    def listing(self, full: bool) -> dict[str, dict[str, dict[str, Any]]]:
        """What this tree measures by default or, with ``full``, at all: by kind and name.

        Raises TreeError if it cannot say, or is of a later version than this one.
        """
        lines, words = self.script("lines.py"), ["--full"] * full
        done = self.python(lines, *words)
        if done.returncode == 0 and not done.stdout:
            done = self.python(VERSION_0, str(Path(lines).parent), *words)
        if done.returncode:
            raise TreeError(f"{self.name}'s {BENCHMARKS / 'lines.py'}: {last_line(done.stderr)}")
        listing = json.loads(done.stdout)
        self._check(listing["version"])
        return {kind: {one["name"]: one for one in listing[kind]} for kind in KINDS}

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """What has that name, in the words of this tree. Raises TreeError if nothing has."""
        line = self.listing(True)[kind].get(name)
        if line is None:
            raise TreeError(f"{self.name} has no line of this name")
        return line

    def executors(self) -> list[str]:
        """The ways it runs a loop over minutes. Raises TreeError if it cannot say."""
        answer = self.ask("executors")
        self._check(answer.get("version", 0))
        return list(answer["executors"])

    def _check(self, version: int) -> None:
        if version > VERSION:
            later = f"version {version}, which is later than {VERSION}"
            raise TreeError(f"{self.name}'s benchmarks are of {later}")

    def ask(self, do: str, *given: Any) -> dict[str, Any]:
        """A worker's answer. Raises TreeError with its reason."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, self.script("worker.py")],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
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

    def prepare(self, place: str, commands: Iterable[Sequence[str]], forget: str) -> None:
        """Run commands in a folder of their own, once, and empty a folder of the cache.

        Raises TreeError if one of them fails.
        """
        if place not in self._places:
            self._cache.mkdir(exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="work-", dir=self._cache.parent))
            for words in commands:
                done = self._run(["-m", "quantamm_cli", *words], folder, {})
                if done.returncode:
                    raise TreeError(f"qsim {' '.join(words)}: {last_line(done.stderr)}")
            self._places[place] = folder
        if forget:
            shutil.rmtree(self._cache / forget, ignore_errors=True)

    def qsim(self, *words: str, place: str | None = None, **more: str) -> Done:
        """A command of this tree, to its end, in an empty folder or one that was prepared."""
        command = ["-m", "quantamm_cli", *words]
        if place is not None:
            return self._run(command, self._places[place], more)
        return self.python(*command, **more)

    def python(self, *words: str, **more: str) -> Done:
        """A Python process of this tree, to its end, in an empty folder."""
        with tempfile.TemporaryDirectory() as folder:
            return self._run(words, Path(folder), more)

    def _run(self, words: Sequence[str], folder: Path, more: dict[str, str]) -> Done:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=folder,
                env=self._environment | more,
                stdout=out,
                stderr=err,
                text=True,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            unit = 1 if sys.platform == "darwin" else 1024
            texts = [(file.seek(0), file.read())[1] for file in (out, err)]
            return Done(process.returncode, *texts, usage.ru_maxrss * unit)

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()


def environment(home: Path, cache: Path) -> dict[str, str]:
    """This environment with a tree's sources first and a cache of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    return kept | {"PYTHONPATH": str(home), "PYTHONSAFEPATH": "1", "QSIM_CACHE": str(cache)}


@contextmanager
def trees(base: str | None) -> Iterator[list[Tree]]:
    """This tree and, where a revision is named, that one: checked out beside the
    repository, removed at the end.
    """
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
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def last_line(text: str) -> str:
    """The last line of what a process wrote."""
    return text.strip().splitlines()[-1] if text.strip() else ""
