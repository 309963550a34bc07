"""``qsim tune``: a search over settings; each trial is a training, and the best becomes a file for conf=."""

from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.monitor import ConsoleMonitor
from quantamm_cli.cli.options import Options
from quantamm_cli.config.search import Search
from quantamm_cli.settings.decode import decode
from quantamm_cli.tuning.settings import Study
from quantamm_cli.workflows.results import Watch


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Search a space of settings for the highest objective; returns the JSON object."""
    watch, monitor = Watch(), ConsoleMonitor(console)
    settings = decode(Study, tree["study"], "study")
    search = Search(tree, options.overrides, options.config_dir)
    from quantamm_cli.workflows.tune import plan, tune

    planned = plan(search, settings, monitor)
    if options.dry_run:
        console.show(*planned.tables())
        return {"command": "tune"} | planned.to_dict()
    watch.lap("space")
    result = tune(planned, options.overrides, options.fresh, monitor, watch)
    console.show(*result.tables())
    console.note(f"the best again: qsim train conf={result.files['experiment']}")
    return {"command": "tune"} | result.to_dict()
