"""``make bench``: measures this tree, or this tree and another revision in turns, and writes JSON and tables.

    python tests/benchmarks/speed.py [--full] [--base REVISION] [--only REGEX] [--no-readme]

Trees take turns, round by round, so that whatever else the machine does meets all of them; executors of a line follow each other.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tables
from competitions import competitions, played
from lines import Line, paths, steps
from startup import measured, startups
from trees import ROOT, Tree, TreeError, contenders, revision, trees

RESULTS = Path(__file__).with_name("results")
_ROUNDS, _ENOUGH = 7, 1.5
"""At most so many rounds, and no more once they took so many seconds."""
_LONG = {False: 6.0, True: 600.0}
"""Seconds a call above which an executor is left out of a line, by ``--full``; predicted from its smaller lines."""

Contender = tuple[Tree, str | None]


class Bench:
    """One run: what was measured so far."""

    def __init__(self, found: list[Tree], full: bool) -> None:
        self.trees, self.full = found, full
        self.executors = contenders(found)
        self._rates: dict[tuple[Any, ...], float] = {}

    def line(self, line: Line) -> dict[str, Any]:
        """All contenders of a line."""
        results: dict[str, dict[str, Any]] = {}
        running: list[tuple[Contender, dict[str, Any]]] = []
        for executor in self._executors(line):  # a worker holds one line open: executors one after another, trees in turns
            for tree in self.trees:
                if executor is not None and executor not in self.executors[tree.name]:
                    result = {"skipped": f"{tree.name} has no executor {executor}"}
                else:
                    result = self._opened((tree, executor), line)
                    if "skipped" not in result:
                        running.append(((tree, executor), result))
                results[_label(tree, executor)] = result
            _turns(running)
            running.clear()
        return {key: value for key, value in line.asked(None).items() if key not in ("executor", "extra")} | {"results": results}

    def _executors(self, line: Line) -> list[str | None]:
        return list(dict.fromkeys(name for tree in self.trees for name in self.executors[tree.name]))

    def _opened(self, contender: Contender, line: Line) -> dict[str, Any]:
        tree, executor = contender
        kind = (tree.name, executor, line.kind, line.fee, line.gradient)
        work = line.minutes * line.lanes * line.tokens
        if self._rates.get(kind, 0.0) * work > _LONG[self.full]:
            return {"skipped": f"would take about {self._rates[kind] * work:.0f} s a call; --full measures it"}
        try:
            opened = tree.ask("open", line.asked(executor))
        except TreeError as failure:
            return {"skipped": str(failure)}
        self._rates[kind] = opened["seconds"] / work
        return opened | {"rounds": [opened.pop("seconds")] if opened["seconds"] > _ENOUGH else []}

    def startups(self) -> list[dict[str, Any]]:
        """Processes from their start, trees in turns."""
        rows = []
        for name, target, times, how in startups(self.full):
            _say(name)
            taken: dict[str, list[dict[str, Any]]] = {tree.name: [] for tree in self.trees}
            for _ in range(times):
                for tree in self.trees:
                    if not any("skipped" in one for one in taken[tree.name]):
                        taken[tree.name].append(measured(tree, how))
            rows.append(
                {"kind": "process", "name": name, "target": target, "results": {tree: _summary(every) for tree, every in taken.items()}}
            )
        return rows


def _turns(running: list[tuple[Contender, dict[str, Any]]]) -> None:
    """Round after round until each has enough; then its minimum and median."""
    for _ in range(_ROUNDS):
        for (tree, _executor), result in running:
            if not result["rounds"] or (sum(result["rounds"]) < _ENOUGH):
                result["rounds"].append(tree.ask("time")["seconds"])
    for _, result in running:
        result |= {"seconds": min(result["rounds"]), "median_seconds": statistics.median(result["rounds"])}


def _summary(taken: list[dict[str, Any]]) -> dict[str, Any]:
    skipped = [one for one in taken if "skipped" in one]
    if skipped:
        return skipped[0]
    rounds = [one["seconds"] for one in taken]
    spent = min(one["processor_seconds"] for one in taken)
    return {"rounds": rounds, "seconds": min(rounds), "median_seconds": statistics.median(rounds), "processor_seconds": spent}


def _label(tree: Tree, executor: str | None) -> str:
    return tree.name if executor is None else f"{tree.name}/{executor}"


def _machine() -> dict[str, Any]:
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    libraries = {name: version(name) for name in ("jax", "jaxlib", "numpy")}
    return {"processor": names[0] if names else platform.processor(), "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(), "python": platform.python_version(), **libraries}  # fmt: skip


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def _load() -> float:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else float("nan")


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  load {_load():4.1f}  {text}", file=sys.stderr, flush=True)


def run(found: list[Tree], full: bool, only: str | None) -> dict[str, Any]:
    """Everything measured, as the JSON file holds it."""
    began, before = time.time(), _load()
    bench = Bench(found, full)
    rows: list[dict[str, Any]] = []
    for line in (*steps(full), *paths(full)):
        if only is None or re.search(only, line.name):
            _say(line.name)
            rows.append(bench.line(line))
            for label, result in rows[-1]["results"].items():
                if "skipped" in result:
                    print(f"    {label}: skipped, {result['skipped']}", file=sys.stderr)
    if only is None or re.search(only, "process"):
        rows += bench.startups()
    for one in competitions():
        if only is None or re.search(only, one.name):
            _say(one.name)
            rows.append(
                {"kind": "competition", **one._asdict(), "name": one.name, "results": {tree.name: played(tree, one) for tree in found}}
            )
    taken = {"date": time.strftime("%Y-%m-%d", time.gmtime(began)), "seconds": round(time.time() - began), "load": [before, _load()]}
    return {"revision": revision(), "trees": [tree.name for tree in found], "full": full, **taken, "machine": _machine(), "rows": rows}


def main() -> None:
    """Measure, write, show."""
    parser = argparse.ArgumentParser(description="measure speed, memory, compile and start-up times")
    parser.add_argument("--full", action="store_true", help="every combination; hours")
    parser.add_argument("--base", help="a revision to compare with")
    parser.add_argument("--only", help="lines whose name matches; 'process' for start-up times")
    parser.add_argument("--no-readme", action="store_true", help="leave the README alone")
    given = parser.parse_args()
    with trees(given.base or None) as found:
        result = run(found, given.full, given.only or None)
    RESULTS.mkdir(exist_ok=True)
    name = "compared" if given.base else "part" if given.only else "latest"
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    text = tables.markdown(result)
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
    if name == "latest" and not given.no_readme:
        print(tables.into(ROOT / "README.md", tables.short(result)), file=sys.stderr)


if __name__ == "__main__":
    main()
