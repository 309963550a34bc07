"""``qsim runs``: lists, shows, compares, verifies and imports stored results."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import NAMED, Command
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.store.runs import Run
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

_NAMES = {
    "list": (0, 0),
    "show": (1, 1),
    "compare": (2, None),
    "verify": (0, 0),
    "import": (1, None),
}
"""The least and greatest number of names that each verb takes."""
_EXPECTED = {
    "show": "expected the name of one run",
    "compare": "expected the names of two runs or more",
    "import": "expected one or more result files of quantammsim",
}


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """List, show, compare or verify the results under ``runs_dir``, or import some."""
    verb, names = options.words[0], options.words[1:]
    least, most = _NAMES[verb]
    if len(names) < least or (most is not None and len(names) > most):
        raise ConfigError(verb, _EXPECTED.get(verb, "takes no names"))
    match verb:
        case "show":
            return _show(names[0], composed, options, monitor)
        case "compare":
            from quantamm_cli.config.components import load_components

            load_components()
            from quantamm_cli.workflows.compare import compare

            other_data = options.on("other_data")
            return compare(names, composed, options.selection, monitor, other_data)
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
    "list, show, verify or compare stored results; import results of quantammsim",
    "VERB [RUN ...|FILE ...] [options]",
    place=7,
    run=run,
    flags=(flags.LOAD, flags.MINIMUM, flags.BY, flags.OTHER_DATA),
    verbs=tuple(_NAMES),
    notes=(NAMED,),
    settings="base",
)


def _show(name: str, composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.store.runs import Store

    store = Store(composed.runs_dir)
    stored = store.named(name)
    if stored.kind == "run":
        return _of_run(store.load(stored.path), composed, options)
    from quantamm_cli.workflows.stored_results import show_stored

    return show_stored(stored, options.selection, monitor)


def _of_run(run: "Run", composed: "Composed", options: "Options") -> "Result":
    from quantamm_cli.workflows.stored_runs import StoredRun

    if options.by_metric is None:
        return StoredRun(run, options.selection)
    from quantamm_cli.settings.run import Train
    from quantamm_cli.workflows.runtime import start_jax

    start_jax()
    return StoredRun(run, options.selection, composed.of_run(run).decoded(Train))
