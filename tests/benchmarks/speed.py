"""``make bench``: measures this tree, or this tree and another revision in turns,
and writes JSON and tables.

    python tests/benchmarks/speed.py [--full] [--base REVISION] [--only REGEX] [--no-page]

Trees take turns, round by round, so that whatever else the machine does meets all of them;
executors of a line follow each other. Each tree is measured by the benchmarks of its own revision.
What has the same name is compared; for what one of them lacks there is a dash and the reason.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tables
from competitions import played
from startup import measured
from trees import ROOT, Tree, TreeError, revision, trees

RESULTS = Path(__file__).with_name("results")
_ROUNDS, _ENOUGH = 7, 1.5
"""At most so many rounds, and no more once they took so many seconds."""
_LONG = {False: 6.0, True: 600.0}
"""Seconds a call above which an executor is left out of a line, by ``--full``;
predicted from its smaller lines.
"""

Measure = Callable[[Tree, dict[str, Any]], dict[str, Any]]


class Bench:
    """One run: what was measured so far."""

    def __init__(self, every: list[Tree], full: bool, only: str | None) -> None:
        self.trees, self.full, self.only = every, full, only
        self._contenders: dict[str, list[str] | TreeError] = {}
        self._rates: dict[tuple[Any, ...], float] = {}

    def chosen(self, kind: str) -> dict[str, dict[str, Any]]:
        """By its name all of a kind that is to be measured, as the last tree that has it says."""
        every: dict[str, dict[str, Any]] = {}
        for tree in reversed(self.trees):
            try:
                every = tree.listing(self.full)[kind] | every
            except TreeError as failure:
                print(f"{tree.name}: {failure}", file=sys.stderr)
        mine = self.trees[-1].listing(self.full)[kind]
        names = [*mine, *(name for name in every if name not in mine)]
        return {name: every[name] for name in names if self._asked_for(kind, name)}

    def _asked_for(self, kind: str, name: str) -> bool:
        """``--only process`` means all processes, ``--only process,.*help`` one, others none."""
        if self.only is None:
            return True
        if kind != "processes":
            return re.search(self.only, name) is not None
        texts = ("process", f"process, {name}") if "process" in self.only else ("process",)
        return any(re.search(self.only, text) for text in texts)

    def rows(self) -> Iterator[dict[str, Any]]:
        """All that is asked for, measured one after another."""
        for name, line in self.chosen("lines").items():
            _say(name)
            shown = {key: line[key] for key in line if key not in ("executor", "extra")}
            yield shown | {"results": self.line(name)}
        for name, one in self.chosen("processes").items():
            _say(name)
            results = self.process(name, one["times"])
            yield {"kind": "process", "name": name, "target": one["target"], "results": results}
        for name, one in self.chosen("competitions").items():
            _say(name)
            yield {"kind": "competition"} | one | {"results": self.competition(name)}

    def line(self, name: str) -> dict[str, dict[str, Any]]:
        """The results of a line, of all contenders."""
        results: dict[str, dict[str, Any]] = {}
        # A worker holds one line open: executors one after another, trees in turns.
        for executor in self._executors():
            opened = [(tree, self._opened(tree, executor, name)) for tree in self.trees]
            _turns([(tree, result) for tree, result in opened if "skipped" not in result])
            results |= {f"{tree.name}/{executor}": result for tree, result in opened}
        return results

    def _executors(self) -> list[str]:
        """Those that any tree has."""
        for tree in self.trees:
            if tree.name not in self._contenders:
                try:
                    self._contenders[tree.name] = tree.executors()
                except TreeError as failure:
                    print(f"{tree.name}: {failure}", file=sys.stderr)
                    self._contenders[tree.name] = failure
        known = [names for names in self._contenders.values() if not isinstance(names, TreeError)]
        return list(dict.fromkeys(name for names in known for name in names))

    def _opened(self, tree: Tree, executor: str, name: str) -> dict[str, Any]:
        """Compiled and run once by the tree's own worker, in the tree's own words; or why not."""
        try:
            names, line = self._contenders[tree.name], tree.named("lines", name)
            if isinstance(names, TreeError):
                raise names
            if executor not in names:
                raise TreeError(f"{tree.name} has no executor {executor}")
            kind = (tree.name, executor, line["kind"], line["fee"], line["gradient"])
            work = line["minutes"] * line["lanes"] * line["tokens"]
            seconds = self._rates.get(kind, 0.0) * work
            if seconds > _LONG[self.full]:
                raise TreeError(f"would take about {seconds:.0f} s a call; --full measures it")
            opened = tree.ask("open", line | {"executor": executor})
        except TreeError as failure:
            return {"skipped": str(failure)}
        self._rates[kind] = opened["seconds"] / work
        return opened | {"rounds": [opened.pop("seconds")] if opened["seconds"] > _ENOUGH else []}

    def process(self, name: str, times: int) -> dict[str, dict[str, Any]]:
        """A process from its start, trees in turns."""
        taken: dict[str, list[dict[str, Any]]] = {tree.name: [] for tree in self.trees}
        for _ in range(times):
            for tree in self.trees:
                if not any("skipped" in one for one in taken[tree.name]):
                    taken[tree.name].append(self._own(tree, "processes", name, measured))
        return {tree: _summary(every) for tree, every in taken.items()}

    def competition(self, name: str) -> dict[str, dict[str, Any]]:
        """A step of a competition."""
        return {tree.name: self._own(tree, "competitions", name, played) for tree in self.trees}

    def _own(self, tree: Tree, kind: str, name: str, measure: Measure) -> dict[str, Any]:
        """What has this name in the tree, measured; or why not."""
        try:
            return measure(tree, tree.named(kind, name))
        except TreeError as failure:
            return {"skipped": str(failure)}


def _turns(running: list[tuple[Tree, dict[str, Any]]]) -> None:
    """Round after round until each has enough; then its minimum and median."""
    for _ in range(_ROUNDS):
        for tree, result in running:
            if not result["rounds"] or (sum(result["rounds"]) < _ENOUGH):
                result["rounds"].append(tree.ask("time")["seconds"])
    for _, result in running:
        rounds = result["rounds"]
        result |= {"seconds": min(rounds), "median_seconds": statistics.median(rounds)}


def _summary(taken: list[dict[str, Any]]) -> dict[str, Any]:
    skipped = [one for one in taken if "skipped" in one]
    if skipped:
        return skipped[0]
    rounds = [one["seconds"] for one in taken]
    spent = [one["processor_seconds"] for one in taken]
    return {
        "rounds": rounds,
        "seconds": min(rounds),
        "median_seconds": statistics.median(rounds),
        "processor_seconds": min(spent),
        "median_processor_seconds": statistics.median(spent),
        "peak_rss": max((one["peak_rss"] or 0 for one in taken), default=0),
    }


def _machine() -> dict[str, Any]:
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    libraries = {name: version(name) for name in ("jax", "jaxlib", "numpy")}
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": platform.python_version(),
        **libraries,
    }


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
    rows = []
    for row in Bench(found, full, only).rows():
        rows.append(row)
        for label, result in row["results"].items():
            if "skipped" in result:
                print(f"    {label}: skipped, {result['skipped']}", file=sys.stderr)
    taken = {
        "date": time.strftime("%Y-%m-%d", time.gmtime(began)),
        "seconds": round(time.time() - began),
        "load": [before, _load()],
    }
    return {
        "revision": revision(),
        "trees": [tree.name for tree in found],
        "full": full,
        **taken,
        "machine": _machine(),
        "rows": rows,
    }


def main() -> None:
    """Measure, write, show."""
    parser = argparse.ArgumentParser(
        description="measure speed, memory, compile and start-up times"
    )
    parser.add_argument("--full", action="store_true", help="every combination; hours")
    parser.add_argument("--base", help="a revision to compare with")
    parser.add_argument("--only", help="lines whose name matches; 'process' for start-up times")
    parser.add_argument("--no-page", action="store_true", help="leave the page on speed alone")
    given = parser.parse_args()
    with trees(given.base or None) as found:
        result = run(found, given.full, given.only or None)
    RESULTS.mkdir(exist_ok=True)
    name = "compared" if given.base else "part" if given.only else "latest"
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    text = tables.markdown(result)
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
    if name == "latest" and not given.no_page:
        print(
            tables.into(ROOT / "quantamm_cli/docs/speed.md", tables.short(result)), file=sys.stderr
        )


if __name__ == "__main__":
    main()
