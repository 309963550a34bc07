"""A competition on one core, played again and again.

Prints the processor's seconds a step and simulation, and how long the first time took.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":  # before NumPy and JAX count the cores
    with contextlib.suppress(AttributeError):  # where processes cannot be held on a core
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

sys.path.insert(0, str(Path(__file__).parent))

import product

SIMULATIONS, STEPS, TIMES = 512, 1000, 5


def main(what: str, count: int) -> None:
    """Play, and say how long it took."""
    product.start()
    play = product.competition(what, count, SIMULATIONS, STEPS)
    began = time.perf_counter()
    play()
    first, taken = time.perf_counter() - began, []
    for _ in range(TIMES):
        began = time.process_time()
        play()
        taken.append(time.process_time() - began)
    print(json.dumps({"step": min(taken) / SIMULATIONS / STEPS, "first": first}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
