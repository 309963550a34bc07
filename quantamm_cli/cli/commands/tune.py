"""``qsim tune``: a search over settings; each trial is a training, and the best becomes a file for conf=."""

from quantamm_cli.cli.options import Options
from quantamm_cli.config.composed import Composed
from quantamm_cli.config.search import Search
from quantamm_cli.settings.decode import decode
from quantamm_cli.tuning.settings import Study
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch


def run(composed: Composed, options: Options, monitor: Monitor) -> Result:
    """Search a space of settings for the highest objective."""
    watch, settings = Watch(), decode(Study, composed.group("study"), "study")
    search = Search(composed.tree, composed.overrides, composed.config_dir)
    from quantamm_cli.workflows.tune import plan, tune

    planned = plan(search, settings, monitor)
    if options.dry_run:
        return planned
    watch.lap("space")
    return tune(planned, composed.overrides, options.fresh, monitor, watch)
