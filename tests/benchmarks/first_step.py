"""``qsim train`` up to its first step, which ends the process. Prints the seconds since ``QSIM_BENCH_BEGAN``, a time of day."""

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from quantamm_cli.cli import main, train

begin = train._train


def watched(*given: Any) -> float:
    """The training, cut short after its first entry."""
    from quantamm_cli.training import fit as module

    whole = module.fit

    def first(*problem: Any) -> Iterator[Any]:
        for _ in whole(*problem):
            print(time.time() - float(os.environ["QSIM_BENCH_BEGAN"]), flush=True)
            os._exit(0)
        yield

    module.fit = first
    return begin(*given)


train._train = watched
sys.exit(main.main(["train", *sys.argv[1:]]))
