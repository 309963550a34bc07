"""What a process costs from its start, and what a whole training takes."""

import os
import time
from typing import Any

from trees import Tree, TreeError, last_line


def measured(tree: Tree, process: dict[str, Any]) -> dict[str, Any]:
    """Seconds, and those of the processor, which other processes lengthen less; or why not."""
    try:
        if process.get("after"):
            tree.prepare(process["name"], process["after"], process.get("forget", ""))
        before = _spent()
        measure = first_step if process["first_step"] else command
        seconds, peak = measure(tree, process)
    except TreeError as failure:
        return {"skipped": str(failure)}
    return {"seconds": seconds, "processor_seconds": _spent() - before, "peak_rss": peak}


def _spent() -> float:
    """Seconds of the processor, of all processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def command(tree: Tree, process: dict[str, Any]) -> tuple[float, int | None]:
    """``qsim WORDS`` to its end: seconds, and bytes of memory."""
    environment = {"QSIM_CACHE": "cache"} if process["empty_cache"] else {}  # in an empty folder
    if process.get("threads"):
        environment["NPROC"] = str(process["threads"])  # which XLA reads
    began = time.perf_counter()
    place = process["name"] if process.get("after") else None
    done = tree.qsim(*process["words"], place=place, **environment)
    took = time.perf_counter() - began
    if done.returncode != process["code"]:
        words = " ".join(process["words"])
        raise TreeError(f"qsim {words} ended with {done.returncode}: {last_line(done.stderr)}")
    return took, done.peak_rss


def first_step(tree: Tree, process: dict[str, Any]) -> tuple[float, int | None]:
    """``qsim train WORDS`` to its first step, by the tree's own script."""
    script, began = tree.script("first_step.py"), str(time.time())
    done = tree.python(script, *process["words"], "-q", QSIM_BENCH_BEGAN=began)
    try:
        return float(done.stdout.splitlines()[-1]), done.peak_rss
    except (ValueError, IndexError):
        raise TreeError(last_line(done.stderr) or "no first step") from None
