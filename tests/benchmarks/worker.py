"""A process that measures one source tree. Reads a JSON request a line, answers each with a line.

Every revision is measured by its own worker, in the words of its own ``lines.py``, with its own
``first_step.py`` and ``played.py``: later revisions rely on the following. ``lines.VERSION`` is its
number. Version 0 has none, and its ``lines.py`` prints nothing (``version0.py`` does it instead).

    python worker.py                  measures the tree that is first in ``PYTHONPATH``, when asked
      {"do": "executors"}             {"executors": [name, …], "version": 1}
      {"do": "open", "with": [line]}  compile a line and run it once: "seconds", "first_seconds",
                                      "compile_seconds", and bytes or null: "xla_bytes", "peak_rss",
                                      "working_rss"
      {"do": "time"}                  {"seconds": s} of a call of the line that is open
      any, if it cannot               {"error": reason}
    python lines.py [--full]          prints {"version", "lines", "processes", "competitions"}, all
                                      but the first lists of objects with a "name". A line goes to
                                      the worker as it is, "executor" being the name of one.
    python first_step.py WORDS -q     prints the seconds from ``QSIM_BENCH_BEGAN``, a time of day,
                                      to the first step of ``qsim train WORDS``
    python played.py WHAT STRATEGIES  prints {"step": s, "first": s}
"""

import ctypes
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import product
from lines import VERSION

_SECONDS = 0.05
"""A round repeats what is quicker than this."""


class Worker:
    """What has been asked so far."""

    def __init__(self) -> None:
        import jax

        product.start()
        product.compile_kernels()  # no line's doing
        jax.config.update(
            "jax_compilation_cache_dir", None
        )  # compile times are those of a machine that has seen nothing
        self.jax = jax
        self.compiling = self.tracing = 0.0
        self.run: Callable[[], Any] | None = None
        self.repeat = 1
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event: str, seconds: float, **_: object) -> None:
        self.compiling += seconds * event.endswith("/backend_compile_duration")
        self.tracing += seconds * event.endswith(
            ("/jaxpr_trace_duration", "/jaxpr_to_mlir_module_duration")
        )

    def executors(self) -> dict[str, Any]:
        """The ways this tree runs a loop over minutes."""
        return {"executors": product.executors(), "version": VERSION}

    def open(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Compile a line and run it once, as ``qsim train`` would: nothing else is set up here."""
        self.run = None
        self.jax.clear_caches()
        gc.collect()
        words = [*asked["words"], f"fees.executor={asked['executor']}"]
        if asked["kind"] == "step":
            return self._first(product.step(words))
        return self._first(product.path(words, asked["minutes"], asked["gradient"]))

    def _first(self, run: Callable[[], Any]) -> dict[str, Any]:
        before, self.compiling = set(map(id, self._programs())), 0.0
        began = time.perf_counter()
        self.jax.block_until_ready(run())
        first = time.perf_counter() - began
        compiling = self.compiling
        resident = _reset_peak()
        began = time.perf_counter()
        self.jax.block_until_ready(run())
        again = time.perf_counter() - began
        self.run, self.repeat = run, max(1, round(_SECONDS / max(again, 1e-6)))
        sizes = [_bytes(program) for program in self._programs() if id(program) not in before]
        return {
            "first_seconds": first - again,
            "compile_seconds": compiling,
            "xla_bytes": max(sizes, default=None),
            "peak_rss": _status("VmHWM"),
            "working_rss": None if resident is None else max(0, (_status("VmHWM") or 0) - resident),
            "seconds": again,
        }

    def time(self) -> dict[str, Any]:
        """Seconds a call, over one round."""
        assert self.run is not None
        began = time.perf_counter()
        for _ in range(self.repeat):
            self.jax.block_until_ready(self.run())
        return {"seconds": (time.perf_counter() - began) / self.repeat}

    def _programs(self) -> list[Any]:
        return list(self.jax.devices()[0].client.live_executables())


def _bytes(program: Any) -> int:
    """What XLA sets aside for a program: arguments, results and scratch space."""
    stats = program.get_compiled_memory_stats()
    return int(stats.argument_size_in_bytes + stats.output_size_in_bytes + stats.temp_size_in_bytes)


def _reset_peak() -> int | None:
    """Give back what is free and forget the peak so far; the resident bytes now. Linux only."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, AttributeError):
        return None
    return _status("VmRSS")


def _status(name: str) -> int | None:
    """A line of /proc/self/status in bytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(
        (int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None
    )


def main() -> None:
    """Answer until the input ends. What libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # no ./conf of anybody's
        worker = Worker()
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = getattr(worker, request["do"])(*request.get("with", []))
            except Exception as failure:  # a tree that cannot do this line
                answer = {
                    "error": (
                        f"{type(failure).__name__}: "
                        f"{str(failure).splitlines()[0] if str(failure) else ''}"
                    )
                }
            print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
