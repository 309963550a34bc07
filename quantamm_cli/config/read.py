"""From a composed tree to typed settings."""

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from quantamm_cli.config.components import load_components, load_studies, plugin_names
from quantamm_cli.config.input_checks import check_inputs
from quantamm_cli.config.state import KEY as STATE
from quantamm_cli.config.state import with_state
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import JsonObject, branch
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import Date, minute

if TYPE_CHECKING:
    from quantamm_cli.tuning.settings import Study

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
    if isinstance(own.get("initial_reserves"), str):
        own["initial_reserves"] = _reserves_of_run(own)
    settings = decode(cls, own)
    if isinstance(settings, Train):
        check_metric("split.selection_metric", settings.split.selection_metric)
    check_inputs(settings)
    return settings


def read_study(tree: JsonObject) -> "Study":
    """Typed settings of how a study is searched. Raises ConfigError, as ``read_settings`` does."""
    from quantamm_cli.tuning.settings import Study

    load_studies(plugin_names(tree))
    return decode(Study, branch(tree, "study"), "study")


def _reserves_of_run(tree: JsonObject) -> tuple[float, ...]:
    """The amounts that ``initial_reserves=RUN@TIME`` names, which are identity as numbers are.

    Raises:
        ConfigError: it has another form.
        DataError: there is no such run, or it has no row at that time.
    """
    from quantamm_cli.store.stored_path import stored_path

    where, given_as = "initial_reserves", str(tree["initial_reserves"])
    name, at, time = given_as.rpartition("@")
    if not at or not name:
        raise ConfigError(
            where,
            f"'{given_as}' is neither amounts, one a token, nor RUN@TIME, a stored run and a time "
            "it holds",
        )
    try:
        moment = minute(TypeAdapter(Date).validate_python(time))
    except ValidationError as failure:
        raise ConfigError(where, str(failure.errors()[0]["ctx"]["error"])) from None
    tokens: Any = tree["tokens"]
    path = stored_path(str(tree["runs_dir"]), name, where)
    return path.reserves_at(moment, tuple(map(str, tokens)))


def check_metric(where: str, name: str | None) -> None:
    """Raise ConfigError if no metric has this name."""
    known = REGISTER["metric"]
    if name is not None and name not in known:
        raise ConfigError(
            where,
            f"no metric is called '{name}'{did_you_mean(name, known)}; `qsim "
            "show metrics` lists them",
        )
