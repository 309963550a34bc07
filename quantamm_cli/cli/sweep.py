"""``-m``: every combination of values, one object of what the jobs came to."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from quantamm_cli.cli.console import Console, failed
from quantamm_cli.cli.dispatch import call
from quantamm_cli.cli.failures import explain
from quantamm_cli.cli.options import Options
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.multirun import Halt, multirun
from quantamm_cli.errors import Interrupted


def sweep(composer: Composer, options: Options, console: Console) -> int:
    """Run the jobs; print what they returned; the exit code is that of the first that failed."""
    results = multirun(composer, functools.partial(_job, options=options))
    console.result({"command": options.command, "runs": results})
    return next((result["error"]["code"] for result in results if "error" in result), 0)


def _job(settings: Callable[[], dict[str, Any]], words: tuple[str, ...], number: int, options: Options) -> dict[str, Any]:
    """One job, here or in a worker: a failure is its result, so that the other jobs go on."""
    console = Console(options.command, json=options.json, quiet=options.quiet, verbose=options.verbose).muted()
    own = tuple(word for word in words if word not in options.implied)
    console.note(f"[{number + 1}] {' '.join(own)}")
    try:
        return call(settings(), dataclasses.replace(options, overrides=own), console)
    except (KeyboardInterrupt, Interrupted) as stop:
        raise Halt(stop) from None
    except Exception as failure:
        code, where, message = explain(failure)
        console.failure(code, where, message)
        return failed(options.command, code, where, message) | {"overrides": list(own)}
