"""``qsim report``: what ``qsim evaluate`` says, as plots and one page that needs nothing else."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli.commands.evaluate import Asked
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.walked import evaluated
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows import plots


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Evaluate a run, draw it and write the page, or draw what else is named; returns the JSON object."""
    plots.check()
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
    asked = Asked(tree, options)
    if options.dry_run:
        return asked.chosen.to_dict()
    from quantamm_cli.workflows.subjects import of_run

    result = asked.evaluate(console)
    told = result.to_dict()
    told["files"] = result.files | plots.draw_page(of_run(result, options.minimum), result.chosen.folder)
    asked.watch.lap("plots")
    return told


def _walk(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """The cycles of a walk-forward, and the page of what they come to."""
    told = evaluated(tree, options, console)
    if not options.dry_run:
        told["files"] |= plots.draw_walk(*(Path(told["files"][name]) for name in ("result", "daily")))
    return told
