"""The selection that a command line requests of a stored run."""

from dataclasses import replace
from typing import TYPE_CHECKING

from quantamm_cli.cli.options import Options
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError
from quantamm_cli.store.runs import Run

if TYPE_CHECKING:
    from quantamm_cli.workflows.selection import Selection

_KEY = "split.selection_metric"


def run_selection(composed: Composed, run: Run, options: Options) -> "tuple[Composed, Selection]":
    """The settings of a stored run with the overrides, and the selection of a set of it.

    An override of ``split.selection_metric`` is another way to write ``--by``: it selects, and
    leaves the settings as they are.

    Raises:
        ConfigError: it names another metric than ``--by``, or none that exists.
    """
    changed, selection = composed.changing_run(run), options.selection
    own = composed.of_run(run)
    split, before = changed.group("split"), own.group("split").get("selection_metric")
    metric = split.get("selection_metric")
    if metric == before:
        return changed, selection
    if metric is None:
        metric = own.group("metric").get("kind")
    from quantamm_cli.config.components import load_components
    from quantamm_cli.config.read import check_metric

    load_components(changed.plugins)
    check_metric(_KEY, str(metric))
    if selection.by not in (None, metric):
        raise ConfigError(_KEY, f"is {metric}, but --by is {selection.by}; give one of them")
    unchanged = changed.but(split={**split, "selection_metric": before})
    return unchanged, replace(selection, by=str(metric))
