"""From a composed tree to typed settings."""

from typing import TypeVar

from quantamm_cli.config.components import load_components, plugin_names
from quantamm_cli.config.input_checks import check_inputs
from quantamm_cli.config.state import KEY as STATE
from quantamm_cli.config.state import with_state
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.suggestions import did_you_mean

S = TypeVar("S", bound=Simulate)


def read_settings(cls: type[S], tree: JsonObject) -> S:
    """Typed settings of a composed tree.

    Of a training configuration, ``simulate`` reads its own settings and ignores the others.

    Raises:
        ConfigError: one line for the first thing wrong.
    """
    load_components(plugin_names(tree))
    if tree.get(STATE) is not None and not issubclass(cls, Train):
        tree = with_state(tree, tree[STATE])
    foreign = {"study", "space", "grid"} | (set(Train.model_fields) - set(cls.model_fields))
    own = {key: value for key, value in tree.items() if key not in foreign}
    settings = decode(cls, own)
    if isinstance(settings, Train):
        check_metric("split.selection_metric", settings.split.selection_metric)
    check_inputs(settings)
    return settings


def check_metric(where: str, name: str | None) -> None:
    """Raise ConfigError if no metric has this name."""
    known = REGISTER["metric"]
    if name is not None and name not in known:
        raise ConfigError(
            where,
            f"no metric is called '{name}'{did_you_mean(name, known)}; `qsim "
            "show metrics` lists them",
        )
