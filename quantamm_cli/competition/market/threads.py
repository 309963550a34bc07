"""Compiled code on all processors: rows are independent, so who does which changes nothing."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_BLOCK = 16


def shared_out(work: Callable[[slice], None], rows: int) -> None:
    """``work`` on every block of rows; it holds no lock of the interpreter."""
    blocks = [slice(first, min(first + _BLOCK, rows)) for first in range(0, rows, _BLOCK)]
    threads = min(
        len(blocks),
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )
    if threads <= 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, blocks))
