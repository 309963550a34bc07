"""``qsim show``: the components there are, with one line, units and defaults, from the code itself."""

import inspect
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.config.nearest import did_you_mean
from quantamm_cli.errors import ConfigError

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
_COLUMNS = ("name", "unit", "says", "runs", "needs", "command", "parameters", "summary")
_PLACES = {"pool": "pool", "pool/rule": "pool.rule", "pool/guard": "pool.guard"}
_SUPPORT = {"says": "says", "runs": "runs as", "needs": "needs the series"}


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """``show WHAT`` lists; ``show WHAT NAME`` shows one with its settings."""
    what, *names = options.words
    if len(names) > 1:
        raise ConfigError(names[1], f"one name at a time: qsim show {what} {names[0]}")
    found = experiments(options) if what == "experiments" else components(GROUPS[what], options, *names)
    if not names:
        heads = [key for key in _COLUMNS if any(item.get(key) for item in found)]
        console.table("", heads, [[_said(item.get(key)) for key in heads] for item in found])
        return {"command": "show", "what": what, "found": found}
    one = next((item for item in found if item["name"] == names[0]), None)
    if one is None:
        known = [item["name"] for item in found]
        raise ConfigError(names[0], f"no such name among the {what}{did_you_mean(names[0], known)} (there are: {', '.join(known)})")
    console.say(f"{one['name']}{_in_unit(one)}: {one.get('text') or one['summary']}")
    for key, said in _SUPPORT.items():
        if one.get(key):
            console.say(f"{said}: {_said(one[key])}")
    if one.get("settings"):
        rows = [[field["name"], _said(field["default"]), field["text"]] for field in one["settings"]]
        console.table("", ["setting", "default", "meaning"], rows)
    if one.get("parameters"):
        heads = ["name", "raw", "unit", "default", "low", "high", "also"]
        console.table("params.NAME", heads, [[_said(spec[key]) for key in heads] for spec in one["parameters"]])
    return {"command": "show", "what": what, "found": [one]}


def components(group: str, options: Options, only: str = "") -> list[dict[str, Any]]:
    """What is registered under a group, by name; ``only`` one of them if there is one of that name."""
    from quantamm_cli.config.components import load_components
    from quantamm_cli.settings.component import REGISTER

    load_components(plugins(options))
    if group in ("strategy", "market"):
        from quantamm_cli.config.components import load_strategies

        load_strategies()
    known = REGISTER.get(group, {})
    if only in known:
        return [describe(only, known[only], options)]
    found = [describe(name, cls, options) for name, cls in sorted(known.items())]
    return found + presets(options, [one["name"] for one in found]) if group == "strategy" else found


def presets(options: Options, kinds: list[str]) -> list[dict[str, Any]]:
    """Strategies that conf/strategy names besides the kinds: one of these with settings."""
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.config.entrants import resolved

    loader = Composer("compete", (), options.config_dir).loader
    found = []
    for name in loader.options("strategy"):
        if name not in kinds:
            strategy = resolved(name, {}, loader, name).strategy
            told = describe(name, type(strategy), options)
            own = {field: getattr(strategy, field) for field in type(strategy).model_fields}
            given = [f"{one['name']} {own[one['name']]:g}" for one in told["settings"] if one["default"] != own[one["name"]]]
            summary = f"{strategy.kind} with {', '.join(given)}" if given else strategy.kind
            settings = [one | {"default": own[one["name"]]} for one in told["settings"]]
            found.append(told | {"summary": summary, "text": summary, "settings": settings})
    return found


def plugins(options: Options) -> tuple[str, ...]:
    """The files of components named on the command line."""
    if not any(word.startswith("plugins") for word in options.overrides):
        return ()
    from quantamm_cli.config.compose import Composer

    return tuple(Composer("base", options.overrides, options.config_dir).tree()["plugins"])


def describe(name: str, cls: Any, options: Options) -> dict[str, Any]:
    """A component: its docstring, its unit if it has one, its settings, and what it declares."""
    text = inspect.cleandoc(cls.__doc__ or "")
    summary = text.split("\n\n")[0].replace("\n", " ")
    described: dict[str, Any] = {"name": name, "summary": summary, "text": text}
    described["settings"] = [setting(*item) for item in cls.model_fields.items()]
    if isinstance(unit := getattr(cls, "unit", None), str):
        described["unit"] = unit
    component = example(cls, options)
    if component is not None:
        described["parameters"] = parameters(component)
    if cls.group == "pool/rule" and component is not None:
        described |= {"says": "targets" if component.targets else "changes", "runs": executors(), "needs": list(component.looks_at)}
    return described


def example(cls: Any, options: Options) -> Any:
    """A pool, rule or guard as its YAML describes it; None for what declares no parameters, or needs more than a YAML."""
    place = _PLACES.get(cls.group)
    if place is None:
        return None
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.config.keys import lookup
    from quantamm_cli.settings.decode import decode

    words = [word for word in options.overrides if word.startswith("plugins")]
    try:
        tree = lookup(Composer("train", (f"{cls.group}={cls.kind}", *words), options.config_dir).tree(), place.split("."))
    except ConfigError:
        tree = {}
    try:
        return decode(cls, tree, place)
    except ConfigError:
        return None


def parameters(component: Any) -> list[dict[str, Any]]:
    """What a component with its default settings declares, for a pool of two tokens if that matters."""
    from quantamm_cli.rules.base import Clock

    keys = {"name": "readable", "raw": "name", "unit": "unit", "default": "default", "low": "low", "high": "high"}
    rule = component.group == "pool/rule"
    declared = component.parameters(Clock(chunk_period=1440, max_memory_days=365) if rule else 2)
    return [
        {key: getattr(spec, field) for key, field in keys.items()} | {"also": [other.name for other in spec.spellings]} for spec in declared
    ]


def executors() -> list[str]:
    """The ways in which a temporal pool runs any rule: one text, on columns, in loops, and a price at a time."""
    from typing import get_args

    from quantamm_cli.pools.temporal import Temporal

    methods = get_args(Temporal.model_fields["weight_calculation_method"].annotation)
    return [*(method for method in methods if method != "auto"), "online"]


def setting(name: str, field: Any) -> dict[str, Any]:
    """A field: its default as YAML would have it, and its meaning with the unit."""
    from quantamm_cli.settings.digest import plain

    default = None if field.is_required() else plain(field.get_default(call_default_factory=True))
    if isinstance(default, dict) and "kind" in default:
        default = default["kind"]
    return {"name": name, "default": default, "required": field.is_required(), "text": field.description or ""}


def experiments(options: Options) -> list[dict[str, Any]]:
    """The named experiments; their first comment line says what they are."""
    from pathlib import Path

    from quantamm_cli.config.compose import Composer

    loader = Composer("train", (), options.config_dir).loader
    found = []
    for name in loader.options("experiment"):
        source = next(source for source in loader.get_sources() if source.is_config(f"experiment/{name}"))
        text = Path(source.path, f"experiment/{name}.yaml").read_text(encoding="utf-8")
        comments = [line.lstrip("# ").rstrip() for line in text.splitlines() if line.startswith("#") and not line.startswith("# @")]
        command = [line for line in comments if line.startswith("qsim ")][:1]
        said = " ".join(line for line in comments if line not in command)
        found.append({"name": name, "command": "".join(command), "summary": said, "text": "\n".join(comments)})
    return found


def _in_unit(one: dict[str, Any]) -> str:
    return f" ({one['unit']})" if one.get("unit") else ""


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item["name"]) if isinstance(item, dict) else str(item) for item in value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
