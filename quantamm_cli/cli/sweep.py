"""``-m``: runs every combination of values and collects the results in one JSON object."""

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
    """The exit code of a job, its JSON object, its overrides, and its folder of results."""

    code: int
    result: JsonObject
    overrides: tuple[str, ...]
    runs_dir: str | None = None


def sweep(composer: Composer, options: Options, console: Console) -> int:
    """Run the jobs, store and print their results; returns the exit code of the first failed job,
    or 0.
    """
    jobs = multirun(composer, functools.partial(_job, options=options))
    tree: dict[str, Json] = {"command": options.command, "runs": [job.result for job in jobs]}
    folders = [job.runs_dir for job in jobs if job.runs_dir is not None]
    if folders and not options.dry_run:
        from quantamm_cli.workflows.stored_sweeps import Job, store_sweep, sweep_data

        done = [Job(job.overrides, job.result) for job in jobs]
        place = store_sweep(options.command, folders[0], done)
        tree |= sweep_data([job.result for job in jobs])
        if place is not None:
            console.note(f"{place.name[:18]}…: qsim runs show lists its {len(jobs)} jobs")
            tree |= {"run": place.name, "files": {"result": str(place.document)}}
    console.result(tree)
    return next((job.code for job in jobs if job.code), 0)


def _job(
    settings: Callable[[], JsonObject], words: tuple[str, ...], number: int, options: Options
) -> Done:
    """Run one job, here or in a worker process; a failure is its result: other jobs continue."""
    console = Console(
        options.command, json=options.json, quiet=options.quiet, verbose=options.verbose
    ).muted()
    overrides = tuple(word for word in words if word not in options.implied)
    console.note(f"[{number + 1}] {' '.join(overrides)}")
    with spelling(as_flag):  # a worker process does not inherit it
        try:
            composed = Composed(settings(), overrides, options.config_dir)
            job = dataclasses.replace(options, overrides=overrides)
            return Done(0, call(composed, job, console), overrides, composed.runs_dir)
        except (KeyboardInterrupt, Interrupted) as stop:
            raise Halt(stop) from None
        except Exception as failure:
            error = explain(failure)
            console.failure(error)
            result: dict[str, Json] = {
                "command": options.command,
                "error": error._asdict(),
                "overrides": overrides,
            }
            return Done(error.code, result, overrides)
