"""``qsim report``: what ``qsim evaluate`` says, as plots and one page that needs nothing else."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli import drawing
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.evaluate import ask, evaluated
from quantamm_cli.cli.options import Options
from quantamm_cli.store.runs import Store


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Evaluate a run, draw it and write the page, or draw what else is named; returns the JSON object."""
    drawing.check()
    held = None if options.run is None else Store(tree["runs_dir"]).named(options.run)
    if held is not None and held.kind != "run":
        from quantamm_cli.cli.kept import report

        told = report(held, options, console)
    else:
        told = (_walk if tree["split"]["kind"] == "walk_forward" else _run)(tree, options, console)
    if not options.dry_run:
        console.say(told["files"]["report"])
    told.pop("command", None)
    return {"command": "report"} | told


def _run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    from quantamm_cli.cli.result import Watch

    watch = Watch()
    asked = ask(tree, options)
    if options.dry_run:
        return asked.told
    watch.lap("start")
    told, scored = evaluated(asked, console, watch)
    told["files"] |= drawing.draw_page(drawing.of_run(asked, scored, told, options), asked.folder)
    watch.lap("plots")
    return told


def _walk(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """The cycles of a walk-forward, and the page of what they come to."""
    from quantamm_cli.cli.walk_forward import evaluated as walked

    told = walked(tree, options, console)
    if not options.dry_run:
        told["files"] |= drawing.draw_walk(*(Path(told["files"][name]) for name in ("result", "daily")))
    return told
