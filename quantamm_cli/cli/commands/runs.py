"""``qsim runs``: stored results listed, shown, compared, verified;
results of quantammsim imported.
"""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import NAMED, Command
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

_NAMES = {
    "list": (0, 0),
    "show": (1, 1),
    "compare": (2, None),
    "verify": (0, 0),
    "import": (1, None),
}
"""How many names each verb takes, at least and at most."""
_CURES = {
    "show": "name one run",
    "compare": "name two runs or more",
    "import": "name a result file of quantammsim, or several",
}


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """List, show, compare or verify the runs under ``runs_dir``, or import some."""
    verb, names = options.words[0], options.words[1:]
    least, most = _NAMES[verb]
    if len(names) < least or (most is not None and len(names) > most):
        raise ConfigError(verb, _CURES.get(verb, "takes no names"))
    match verb:
        case "show":
            return _show(names[0], composed, options, monitor)
        case "compare":
            from quantamm_cli.config.components import load_components

            load_components()
            from quantamm_cli.workflows.compare import compare

            return compare(names, composed, options.selection, monitor)
        case "import":
            from quantamm_cli.config.components import load_components

            load_components()
            from quantamm_cli.workflows.import_quantammsim import import_quantammsim

            return import_quantammsim(names, composed.runs_dir, options.config_dir, monitor)
        case "list":
            from quantamm_cli.workflows.stored_runs import list_results

            return list_results(composed.runs_dir)
        case _:
            from quantamm_cli.workflows.stored_runs import verify_results

            return verify_results(composed.runs_dir)


COMMAND = Command(
    "runs",
    "list, show, verify runs, walk-forwards, competitions and studies; compare; import "
    "results of quantammsim",
    "VERB [RUN ...|FILE ...] [options]",
    place=7,
    run=run,
    flags=(flags.LOAD, flags.MINIMUM),
    verbs=tuple(_NAMES),
    notes=(NAMED,),
    settings="base",
)


def _show(name: str, composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.store.runs import Store

    store = Store(composed.runs_dir)
    held = store.named(name)
    if held.kind == "run":
        from quantamm_cli.workflows.stored_runs import StoredRun

        return StoredRun(store.load(held.path), options.minimum)
    from quantamm_cli.workflows.stored_results import show_stored

    return show_stored(held, options.selection, monitor)
