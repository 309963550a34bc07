"""A process that measures one source tree. It reads one JSON request a line, answers with one, and works only when asked.

``PYTHONPATH`` says which tree. Requests: ``executors``; ``open`` a line (compile and run it once); ``time`` the open line.
"""

import contextlib
import ctypes
import gc
import json
import os
import sys
import tempfile
import time
import typing
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

_SECONDS = 0.05
"""A round repeats what is quicker than this."""


class Worker:
    """What has been asked so far."""

    def __init__(self) -> None:
        import jax

        from quantamm_cli.config.components import load_components
        from quantamm_cli.workflows.runtime import start_jax

        start_jax()
        load_components()
        with contextlib.suppress(ImportError):  # a tree that has no compiled code
            from quantamm_cli.kernels.build import entry

            entry()  # made once for a machine: no line's doing
        jax.config.update("jax_compilation_cache_dir", None)  # compile times are those of a machine that has seen nothing
        self.jax = jax
        self.compiling = self.tracing = 0.0
        self.run: Callable[[], Any] | None = None
        self.repeat = 1
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event: str, seconds: float, **_: object) -> None:
        self.compiling += seconds * event.endswith("/backend_compile_duration")
        self.tracing += seconds * event.endswith(("/jaxpr_trace_duration", "/jaxpr_to_mlir_module_duration"))

    def executors(self) -> dict[str, Any]:
        """The ways this tree runs a loop over minutes; before there was a choice, a scan."""
        from quantamm_cli.settings.fees import Fees

        known = Fees.model_fields.get("executor")
        names = typing.get_args(known.annotation) if known else ("scan",)
        return {"executors": [name for name in names if name != "auto"] or ["scan"]}

    def open(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Compile a line and run it once. The answer is in seconds and bytes."""
        self.run = None
        self.jax.clear_caches()
        gc.collect()
        executor = asked["executor"]
        words = [*asked["words"], *([f"fees.executor={executor}"] if executor else [])]
        try:
            make = partial(_made, asked)
            run = make(_problem(words))
        except Exception:
            if executor != "scan":
                raise
            run = make(_problem(asked["words"]))  # a tree from before there was a choice
        return self._first(run)

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


def _problem(words: list[str]) -> tuple[Any, Any]:
    from quantamm_cli.cli.session import posed
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.config.read import read_settings
    from quantamm_cli.settings.run import Train
    from quantamm_cli.workflows.data import load_market

    settings = read_settings(Train, Composer("train", tuple(words)).tree())
    problem, progress, *_ = posed(settings, load_market(settings, settings.test_end or settings.end))
    return problem, progress


def _made(asked: dict[str, Any], posed: tuple[Any, Any]) -> Callable[[], Any]:
    """What is to be timed, over the whole path of the product: nothing is set up here that ``qsim train`` would not."""
    problem, progress = posed
    if asked["kind"] == "step":
        from quantamm_cli.training.fit import fit

        steps = fit(problem, progress)
        return lambda: next(steps)[0].objective
    import jax
    import jax.numpy as jnp

    from quantamm_cli.engine.objective import ascent, objective

    given = replace(problem.aim, rows=asked["minutes"]), problem.weights, problem.pool
    params, starts = dict(progress.params), jnp.zeros(1, jnp.int32)
    if asked["gradient"]:
        return partial(ascent, *given, params, problem.feed, starts)
    values = jax.jit(lambda params, feed, starts: jax.vmap(partial(objective, *given), in_axes=(0, None, None))(params, feed, starts))
    return partial(values, params, problem.feed, starts)


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
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


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
                answer = {"error": f"{type(failure).__name__}: {str(failure).splitlines()[0] if str(failure) else ''}"}
            print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
