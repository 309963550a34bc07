"""What a process costs from its start, and what a whole training takes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from trees import Tree, TreeError

FIRST = str(Path(__file__).with_name("first_step.py"))
TWO = ("tokens=[BTC,ETH]", "fees=flat", "fees.fee=0.003")


def startups(full: bool) -> Iterator[tuple[str, float | None, int, Callable[[Tree], float]]]:
    """Name, target in seconds, how often, and how to measure it. What must be cold comes before what must be warm."""
    yield "`qsim --help`", 0.2, 7, lambda tree: _qsim(tree, 0, "--help")
    yield "a misspelt key", 0.5, 5, lambda tree: _qsim(tree, 2, "train", "fees.feee=1")
    yield "`qsim train --cfg job`", None, 5, lambda tree: _qsim(tree, 0, "train", "--cfg", "job")
    yield "`qsim train` to its first step, no program in the cache", None, 1, _first
    yield "`qsim train` to its first step, programs in the cache", 3.0, 5, _first
    yield "`qsim train`, two tokens and 30 bp, to its first step, no program in the cache", None, 1, lambda tree: _first(tree, *TWO)
    yield "`qsim train`, two tokens and 30 bp, to its first step, programs in the cache", 3.0, 3, lambda tree: _first(tree, *TWO)
    yield "`qsim train`, 1,000 steps, three tokens, no fee, on a machine that has compiled nothing", 30.0, 1, lambda tree: _train(tree)
    if full:
        yield (
            "`qsim train`, 1,000 steps, two tokens, 30 bp, on a machine that has compiled nothing",
            600.0,
            1,
            lambda tree: _train(tree, *TWO),
        )


def measured(tree: Tree, how: Callable[[Tree], float]) -> dict[str, Any]:
    """Seconds, also those of the processor, which other processes lengthen less; or why there are none."""
    before = os.times()
    try:
        seconds = how(tree)
    except TreeError as failure:
        return {"skipped": str(failure)}
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "processor_seconds": spent}


def _qsim(tree: Tree, code: int, *words: str, **environment: str) -> float:
    began = time.perf_counter()
    done = tree.qsim(*words, **environment)
    took = time.perf_counter() - began
    if done.returncode != code:
        raise TreeError(f"qsim {' '.join(words)} ended with {done.returncode}: {_last(done.stderr)}")
    return took


def _first(tree: Tree, *words: str) -> float:
    done = tree.python(FIRST, *words, "-q", QSIM_BENCH_BEGAN=str(time.time()))
    try:
        return float(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        raise TreeError(_last(done.stderr) or "no first step") from None


def _train(tree: Tree, *words: str) -> float:
    """Start-up and compiling included, as nobody has compiled before."""
    return _qsim(tree, 0, "train", "fit.steps=1000", "fit.early_stopping=false", *words, QSIM_CACHE="cache")


def _last(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""
