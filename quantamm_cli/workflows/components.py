"""Describes the available components from their code: summary, settings, units, defaults."""

import inspect
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic.fields import FieldInfo

from quantamm_cli.config.components import (
    load_components,
    load_plots,
    load_strategies,
    load_studies,
)
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.composed import Composed
from quantamm_cli.config.key_validation import lookup
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.component_tables import declared_table, listing_table, settings_table
from quantamm_cli.reporting.plot import PLOTS, plots_of
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.docstrings import paragraphs
from quantamm_cli.settings.groups import groups
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.workflows.plots import check
from quantamm_cli.workflows.results import Result

if TYPE_CHECKING:
    from quantamm_cli.core.params import Parameter

_PLACES = {"pool": "pool", "pool/rule": "pool.rule", "pool/guard": "pool.guard"}


class SettingText(NamedTuple):
    """A setting: its default in YAML form, and its meaning with the unit."""

    name: str
    default: Json
    required: bool
    text: str


class ParameterText(NamedTuple):
    """A declared parameter: readable and raw name, unit, default, search range, other names."""

    name: str
    raw: str
    unit: str
    default: float | tuple[float, ...]
    low: float
    high: float
    also: list[str]


@dataclass(frozen=True)
class Description:
    """A component or a named experiment. ``None``: the field does not apply to it."""

    name: str
    summary: str
    text: str
    settings: tuple[SettingText, ...] | None = None
    unit: str | None = None
    parameters: tuple[ParameterText, ...] | None = None
    says: str | None = None
    """The output of a rule: targets or changes of weights."""
    runs: tuple[str, ...] | None = None
    """The executors of a rule."""
    needs: tuple[str, ...] | None = None
    """Series that a rule reads besides prices."""
    command: str | None = None
    """The command line that runs an experiment."""

    def to_dict(self) -> dict[str, Json]:
        """The fields that apply, as JSON."""
        text = self.text if self.command is not None else paragraphs(self.text)
        parts: dict[str, Json] = {
            "name": self.name,
            "command": self.command,
            "summary": self.summary,
            "text": text,
            "settings": _trees(self.settings),
            "unit": self.unit,
            "parameters": _trees(self.parameters),
            "says": self.says,
            "runs": None if self.runs is None else list(self.runs),
            "needs": None if self.needs is None else list(self.needs),
        }
        return {name: part for name, part in parts.items() if part is not None}

    def tables(self) -> Sequence[Table | str]:
        """The text, and the tables of settings and parameters."""
        support = {
            "says": self.says,
            "runs as": ", ".join(self.runs or ()),
            "needs the series": ", ".join(self.needs or ()),
        }
        unit = f" ({self.unit})" if self.unit else ""
        shown: list[Table | str] = [f"{self.name}{unit}: {self.text or self.summary}"]
        shown += [f"{head}: {text}" for head, text in support.items() if text]
        if self.settings:
            shown.append(settings_table(self.settings))
        if self.parameters:
            shown.append(declared_table([each._asdict() for each in self.parameters]))
        return shown


@dataclass(frozen=True)
class Components(Result):
    """The components of a kind; or, if ``one``, a single component in full."""

    what: str
    items: tuple[Description, ...]
    one: bool = False

    def to_dict(self) -> dict[str, Json]:
        return {"what": self.what, "found": [each.to_dict() for each in self.items]}

    def tables(self) -> Sequence[Table | str]:
        if self.one:
            return self.items[0].tables()
        return [listing_table([each.to_dict() for each in self.items])]


def _trees(rows: Sequence[SettingText | ParameterText] | None) -> Json:
    return None if rows is None else [row._asdict() for row in rows]


def show_components(
    what: str, name: str | None = None, overrides: Sequence[str] = (), config_dir: str | None = None
) -> Components:
    """All components of a kind, or the one of a name.

    Args:
        what: a key of ``groups()``, or one of ``BESIDES``.
        overrides: only those of ``plugins`` are used.
        config_dir: a folder of YAML to search before ``./conf``.

    Raises:
        ConfigError: no component has that name; the message has the nearest names.
    """
    words = tuple(word for word in overrides if word.startswith("plugins"))
    items = _items(what, name, words, config_dir)
    if name is None:
        return Components(what, tuple(items))
    known = {each.name: each for each in items}
    if name not in known:
        hint = f"{did_you_mean(name, known)} (there are: {', '.join(known)})"
        if not words:
            hint += "; of your own: add 'plugins=[FILE.py]'"
        raise ConfigError(name, f"no such name among the {what}{hint}")
    return Components(what, (known[name],), one=True)


def _items(
    what: str, name: str | None, words: tuple[str, ...], config_dir: str | None
) -> list[Description]:
    if what == "experiments":
        return experiments(config_dir)
    describer = _Describer(words, config_dir)
    return describer.plots() if what == "plots" else describer.components(groups()[what], name)


def experiments(config_dir: str | None) -> list[Description]:
    """The named experiments; the comments of a file describe it."""
    items = []
    for name, text in Composer("train", (), config_dir).experiment_texts():
        lines = [line for line in text.splitlines() if line.startswith("#")]
        comments = [line.lstrip("# ").rstrip() for line in lines if not line.startswith("# @")]
        command = next((line for line in comments if line.startswith("qsim ")), "")
        summary = " ".join(line for line in comments if line != command)
        items.append(Description(name, summary, "\n".join(comments), command=command))
    return items


class _Describer:
    """Describes components with the defaults of the YAML that applies here."""

    def __init__(self, words: tuple[str, ...], config_dir: str | None) -> None:
        self._words, self._config_dir = words, config_dir

    def components(self, group: str, name: str | None) -> list[Description]:
        """The components of a group, by name; only one if ``name`` is registered."""
        load_strategies(self._plugins())
        load_studies(self._plugins())
        known = REGISTER.get(group, {})
        if name in known:
            return [self._component(name, known[name])]
        items = [self._component(each, cls) for each, cls in sorted(known.items())]
        if group == "strategy":
            items += self._presets(known)
        return items

    def plots(self) -> list[Description]:
        """The plots of reports, by kind of result and file name."""
        check()
        load_components(self._plugins())
        load_plots()
        plots = chain.from_iterable(map(plots_of, PLOTS))
        return [Description(f"{each.of}.{each.name}", each.caption, each.caption) for each in plots]

    def _plugins(self) -> tuple[str, ...]:
        if not self._words:
            return ()
        return Composed(Composer("base", self._words, self._config_dir).tree()).plugins

    def _presets(self, kinds: Container[str]) -> list[Description]:
        """Named settings of strategies: files of conf/strategy whose name is no kind."""
        from quantamm_cli.config.line_up import resolved

        loader = Composer("compete", (), self._config_dir).loader
        presets = []
        for name in loader.options("strategy"):
            if name not in kinds:
                strategy = resolved(name, {}, loader, name).strategy
                presets.append(self._preset(name, strategy))
        return presets

    def _preset(self, name: str, strategy: Component) -> Description:
        kind = self._component(name, type(strategy))
        changed, settings = [], []
        for setting in kind.settings or ():
            value = getattr(strategy, setting.name)
            settings.append(setting._replace(default=value))
            if value != setting.default:
                changed.append(f"{setting.name} {value:g}")
        summary = strategy.kind
        if changed:
            summary += f" with {', '.join(changed)}"
        return replace(kind, summary=summary, text=summary, settings=tuple(settings))

    def _component(self, name: str, cls: type[Component]) -> Description:
        """A component: its docstring, unit, settings and declared parameters."""
        text = inspect.cleandoc(cls.__doc__ or "")
        unit = getattr(cls, "unit", None)
        described = Description(
            name,
            summary=paragraphs(text).partition("\n\n")[0],
            text=text,
            settings=tuple(_setting(*item) for item in cls.model_fields.items()),
            unit=unit if isinstance(unit, str) else None,
        )
        component = self._example(cls)
        if component is None:
            return described
        described = replace(described, parameters=_parameters(component))
        if cls.group != "pool/rule":
            return described
        says = "targets" if component.targets else "changes"
        needs = tuple(component.looks_at)
        return replace(described, says=says, runs=_executors(), needs=needs)

    def _example(self, cls: type[Component]) -> Any:
        """A pool, rule or guard made from its YAML.

        None for other kinds, which declare no parameters, and if the YAML is not sufficient.
        """
        place = _PLACES.get(cls.group)
        if place is None:
            return None
        words = (f"{cls.group}={cls.kind}", *self._words)
        try:
            tree = Composer("train", words, self._config_dir).tree()
        except ConfigError:
            tree = {}
        try:
            return decode(cls, lookup(tree, place.split(".")) or {}, place)
        except ConfigError:
            return None


def _setting(name: str, field: FieldInfo) -> SettingText:
    required = field.is_required()
    default = None if required else plain(field.get_default(call_default_factory=True))
    if isinstance(default, dict) and "kind" in default:
        default = default["kind"]
    return SettingText(name, default, required, field.description or "")


def _parameters(component: Any) -> tuple[ParameterText, ...]:
    """The parameters that a component declares, for two tokens if their number matters."""
    from quantamm_cli.rules.base import Clock

    rule = component.group == "pool/rule"
    size = Clock(chunk_period=1440, max_memory_days=365) if rule else 2
    return tuple(map(_parameter, component.parameters(size)))


def _parameter(spec: "Parameter") -> ParameterText:
    return ParameterText(
        name=spec.readable,
        raw=spec.name,
        unit=spec.unit,
        default=spec.default,
        low=spec.low,
        high=spec.high,
        also=[other.name for other in spec.spellings],
    )


def _executors() -> tuple[str, ...]:
    """The executors of a temporal pool: one rule on columns, in loops, or one price at a time."""
    from quantamm_cli.pools.temporal import Temporal

    methods = get_args(Temporal.model_fields["weight_calculation_method"].annotation)
    return (*(method for method in methods if method != "auto"), "online")
