"""Compiled code on all processors; rows are independent, so their order does not matter."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from quantamm_cli.settings.machine import processors

_BLOCK = 16


def in_threads(work: Callable[[slice], None], rows: int) -> None:
    """Call ``work``, which must release the interpreter's lock, on every block of rows."""
    blocks = [slice(first, min(first + _BLOCK, rows)) for first in range(0, rows, _BLOCK)]
    threads = min(len(blocks), processors())
    if threads <= 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, blocks))
