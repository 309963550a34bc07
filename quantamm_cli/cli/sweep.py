"""``-m``: every combination of values, one object of what the jobs came to."""

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.dispatch import call
from quantamm_cli.cli.error_handling import explain
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.parse import as_flag
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.composed import Composed
from quantamm_cli.config.multirun import Halt, multirun
from quantamm_cli.errors import Interrupted, spelling
from quantamm_cli.settings.json_tree import Json, JsonObject


class Done(NamedTuple):
    """The exit code of a job and its JSON object."""

    code: int
    result: JsonObject


def sweep(composer: Composer, options: Options, console: Console) -> int:
    """Run the jobs; print what they returned; the exit code is that of the first that failed."""
    jobs = multirun(composer, functools.partial(_job, options=options))
    console.result({"command": options.command, "runs": [job.result for job in jobs]})
    return next((job.code for job in jobs if job.code), 0)


def _job(
    settings: Callable[[], JsonObject], words: tuple[str, ...], number: int, options: Options
) -> Done:
    """One job, here or in a worker: a failure is its result, so that the other jobs go on."""
    console = Console(
        options.command, json=options.json, quiet=options.quiet, verbose=options.verbose
    ).muted()
    own = tuple(word for word in words if word not in options.implied)
    console.note(f"[{number + 1}] {' '.join(own)}")
    with spelling(as_flag):  # a worker is a process of its own
        try:
            composed = Composed(settings(), own, options.config_dir)
            return Done(0, call(composed, dataclasses.replace(options, overrides=own), console))
        except (KeyboardInterrupt, Interrupted) as stop:
            raise Halt(stop) from None
        except Exception as failure:
            error = explain(failure)
            console.failure(error)
            result: dict[str, Json] = {
                "command": options.command,
                "error": error._asdict(),
                "overrides": own,
            }
            return Done(error.code, result)
