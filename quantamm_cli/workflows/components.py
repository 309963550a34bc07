"""The components there are, with one line, units and defaults, from the code itself."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, get_args

from pydantic.fields import FieldInfo

from quantamm_cli.config.components import load_components, load_strategies
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.composed import Composed
from quantamm_cli.config.keys import lookup
from quantamm_cli.config.nearest import did_you_mean
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.component_tables import declared_table, listing_table, settings_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.workflows.results import Result

EXPERIMENTS = "experiments"
GROUPS = {
    "pools": "pool",
    "rules": "pool/rule",
    "guards": "pool/guard",
    "metrics": "metric",
    "fits": "fit",
    "fees": "fees",
    "trades": "trades",
    "data": "data",
    "splits": "split",
    "practices": "practice",
    "strategies": "strategy",
    "markets": "market",
}
"""The register of each kind, by what a list of them is called."""
_PLACES = {"pool": "pool", "pool/rule": "pool.rule", "pool/guard": "pool.guard"}


class SettingText(NamedTuple):
    """A setting: its default as YAML has it, and its meaning with the unit."""

    name: str
    default: Json
    required: bool
    text: str


class ParameterText(NamedTuple):
    """A declared parameter: its readable and its raw name, the range a search covers, and other names it may be given under."""

    name: str
    raw: str
    unit: str
    default: float | tuple[float, ...]
    low: float
    high: float
    also: list[str]


@dataclass(frozen=True)
class Description:
    """A component, or a named experiment. ``None``: it has no such thing."""

    name: str
    summary: str
    text: str
    settings: tuple[SettingText, ...] | None = None
    unit: str | None = None
    parameters: tuple[ParameterText, ...] | None = None
    says: str | None = None
    """What a rule gives: targets or changes of weights."""
    runs: tuple[str, ...] | None = None
    """The ways in which a rule runs."""
    needs: tuple[str, ...] | None = None
    """Series that a rule looks at besides prices."""
    command: str | None = None
    """Which runs an experiment."""

    def to_dict(self) -> dict[str, Json]:
        """What there is of it."""
        parts: dict[str, Json] = {
            "name": self.name,
            "command": self.command,
            "summary": self.summary,
            "text": self.text,
            "settings": None if self.settings is None else [each._asdict() for each in self.settings],
            "unit": self.unit,
            "parameters": None if self.parameters is None else [each._asdict() for each in self.parameters],
            "says": self.says,
            "runs": None if self.runs is None else list(self.runs),
            "needs": None if self.needs is None else list(self.needs),
        }
        return {name: part for name, part in parts.items() if part is not None}

    def tables(self) -> Sequence[Table | str]:
        """Text, settings and parameters."""
        unit = f" ({self.unit})" if self.unit else ""
        shown: list[Table | str] = [f"{self.name}{unit}: {self.text or self.summary}"]
        support = {"says": self.says, "runs as": ", ".join(self.runs or ()), "needs the series": ", ".join(self.needs or ())}
        shown += [f"{head}: {said}" for head, said in support.items() if said]
        shown += [settings_table(self.settings)] if self.settings else []
        return [*shown, declared_table([each._asdict() for each in self.parameters])] if self.parameters else shown


@dataclass(frozen=True)
class Components(Result):
    """What there is of a kind; or ``one`` of them, in full."""

    what: str
    found: tuple[Description, ...]
    one: bool = False

    def to_dict(self) -> dict[str, Json]:
        return {"what": self.what, "found": [each.to_dict() for each in self.found]}

    def tables(self) -> Sequence[Table | str]:
        return self.found[0].tables() if self.one else [listing_table([each.to_dict() for each in self.found])]


def show_components(what: str, name: str | None, words: Sequence[str], config_dir: str | None) -> Components:
    """All components of a kind (a key of ``GROUPS``, or ``experiments``), or the one of a name.

    ``words``: overrides, of which those that name plugins count.

    Raises:
        ConfigError: there is none of that name, with the nearest ones.
    """
    words = tuple(word for word in words if word.startswith("plugins"))
    found = experiments(config_dir) if what == EXPERIMENTS else _Describer(words, config_dir).components(GROUPS[what], name)
    if name is None:
        return Components(what, tuple(found))
    one = next((each for each in found if each.name == name), None)
    if one is None:
        known = [each.name for each in found]
        raise ConfigError(name, f"no such name among the {what}{did_you_mean(name, known)} (there are: {', '.join(known)})")
    return Components(what, (one,), one=True)


def experiments(config_dir: str | None) -> list[Description]:
    """The named experiments; their first comment line says what they are."""
    found = []
    for name, text in Composer("train", (), config_dir).experiment_texts():
        comments = [line.lstrip("# ").rstrip() for line in text.splitlines() if line.startswith("#") and not line.startswith("# @")]
        command = [line for line in comments if line.startswith("qsim ")][:1]
        summary = " ".join(line for line in comments if line not in command)
        found.append(Description(name, summary, "\n".join(comments), command="".join(command)))
    return found


class _Describer:
    """Describes components as the YAML that is found here has them."""

    def __init__(self, words: tuple[str, ...], config_dir: str | None) -> None:
        self._words, self._config_dir = words, config_dir

    def components(self, group: str, name: str | None) -> list[Description]:
        """What is registered under a group, by name; of a ``name`` that is registered only that."""
        plugins = Composed(Composer("base", self._words, self._config_dir).tree()).plugins if self._words else ()
        (load_strategies if group in ("strategy", "market") else load_components)(plugins)
        known = REGISTER.get(group, {})
        if name in known:
            return [self._described(name, known[name])]
        found = [self._described(each, cls) for each, cls in sorted(known.items())]
        return found + self._presets({each.name for each in found}) if group == "strategy" else found

    def _presets(self, kinds: set[str]) -> list[Description]:
        """Strategies that conf/strategy names besides the kinds: one of these with settings."""
        from quantamm_cli.config.entrants import resolved

        loader = Composer("compete", (), self._config_dir).loader
        found = []
        for name in (name for name in loader.options("strategy") if name not in kinds):
            strategy = resolved(name, {}, loader, name).strategy
            kind = self._described(name, type(strategy))
            own = {each.name: getattr(strategy, each.name) for each in kind.settings or ()}
            given = [f"{each.name} {own[each.name]:g}" for each in kind.settings or () if each.default != own[each.name]]
            summary = f"{strategy.kind} with {', '.join(given)}" if given else strategy.kind
            settings = tuple(each._replace(default=own[each.name]) for each in kind.settings or ())
            found.append(replace(kind, summary=summary, text=summary, settings=settings))
        return found

    def _described(self, name: str, cls: type[Component]) -> Description:
        """A component: its docstring, its unit if it has one, its settings, and what it declares."""
        text = inspect.cleandoc(cls.__doc__ or "")
        summary = text.split("\n\n")[0].replace("\n", " ")
        unit = getattr(cls, "unit", None)
        settings = tuple(_setting(*item) for item in cls.model_fields.items())
        described = Description(name, summary, text, settings, unit if isinstance(unit, str) else None)
        component = self._example(cls)
        if component is None:
            return described
        described = replace(described, parameters=_parameters(component))
        if cls.group != "pool/rule":
            return described
        says = "targets" if component.targets else "changes"
        return replace(described, says=says, runs=_executors(), needs=tuple(component.looks_at))

    def _example(self, cls: type[Component]) -> Any:
        """A pool, rule or guard as its YAML describes it; None for what declares no parameters, or needs more than a YAML."""
        place = _PLACES.get(cls.group)
        if place is None:
            return None
        try:
            tree = lookup(Composer("train", (f"{cls.group}={cls.kind}", *self._words), self._config_dir).tree(), place.split("."))
        except ConfigError:
            tree = {}
        try:
            return decode(cls, tree, place)
        except ConfigError:
            return None


def _setting(name: str, field: FieldInfo) -> SettingText:
    default = None if field.is_required() else plain(field.get_default(call_default_factory=True))
    if isinstance(default, dict) and "kind" in default:
        default = default["kind"]
    return SettingText(name, default, field.is_required(), field.description or "")


def _parameters(component: Any) -> tuple[ParameterText, ...]:
    """What a component with its default settings declares, for a pool of two tokens if that matters."""
    from quantamm_cli.rules.base import Clock

    rule = component.group == "pool/rule"
    declared = component.parameters(Clock(chunk_period=1440, max_memory_days=365) if rule else 2)
    return tuple(
        ParameterText(each.readable, each.name, each.unit, each.default, each.low, each.high, [other.name for other in each.spellings])
        for each in declared
    )


def _executors() -> tuple[str, ...]:
    """The ways in which a temporal pool runs any rule: one text, on columns, in loops, and a price at a time."""
    from quantamm_cli.pools.temporal import Temporal

    methods = get_args(Temporal.model_fields["weight_calculation_method"].annotation)
    return (*(method for method in methods if method != "auto"), "online")
