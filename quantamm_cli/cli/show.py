"""``qsim show``: the components there are, with one line, units and defaults, from the code itself."""

import inspect
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.nearest import did_you_mean
from quantamm_cli.cli.options import Options
from quantamm_cli.errors import ConfigError

GROUPS = {"pools": "pool", "rules": "pool/rule", "metrics": "metric", "fits": "fit", "fees": "fees", "data": "data", "splits": "split"}


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """``show WHAT`` lists; ``show WHAT NAME`` shows one with its settings."""
    what, *names = options.words
    if len(names) > 1:
        raise ConfigError(names[1], f"one name at a time: qsim show {what} {names[0]}")
    found = experiments(options) if what == "experiments" else components(GROUPS[what], options)
    if not names:
        heads = [key for key in ("name", "unit", "command", "parameters", "summary") if any(key in item for item in found)]
        console.table("", heads, [[_said(item.get(key)) for key in heads] for item in found])
        return {"command": "show", "what": what, "found": found}
    one = next((item for item in found if item["name"] == names[0]), None)
    if one is None:
        known = [item["name"] for item in found]
        raise ConfigError(names[0], f"no such name among the {what}{did_you_mean(names[0], known)} (there are: {', '.join(known)})")
    console.say(f"{one['name']}: {one.get('text') or one['summary']}")
    if one.get("settings"):
        rows = [[field["name"], _said(field["default"]), field["text"]] for field in one["settings"]]
        console.table("", ["setting", "default", "meaning"], rows)
    if one.get("parameters"):
        heads = ["name", "raw", "unit", "default", "low", "high"]
        console.table("params.NAME", heads, [[_said(spec[key]) for key in heads] for spec in one["parameters"]])
    return {"command": "show", "what": what, "found": [one]}


def components(group: str, options: Options) -> list[dict[str, Any]]:
    """What is registered under a group, by name."""
    from quantamm_cli.cli.app import load_components
    from quantamm_cli.settings.component import REGISTER

    load_components(plugins(options))
    return [describe(name, cls) for name, cls in sorted(REGISTER.get(group, {}).items())]


def plugins(options: Options) -> tuple[str, ...]:
    """The files of components named on the command line."""
    if not any(word.startswith("plugins") for word in options.overrides):
        return ()
    from quantamm_cli.cli.compose import Composer

    return tuple(Composer("base", options.overrides, options.config_dir).tree()["plugins"])


def describe(name: str, cls: Any) -> dict[str, Any]:
    """A component: its docstring, its unit if it has one, its settings."""
    text = inspect.cleandoc(cls.__doc__ or "")
    summary = text.split("\n\n")[0].replace("\n", " ")
    described: dict[str, Any] = {"name": name, "summary": summary, "text": text}
    described["settings"] = [setting(*item) for item in cls.model_fields.items()]
    if isinstance(unit := getattr(cls, "unit", None), str):
        described["unit"] = unit
    if cls.group == "pool/rule":
        described["parameters"] = parameters(cls)
    return described


def parameters(rule: Any) -> list[dict[str, Any]]:
    """What a rule with its default settings trains, from its declaration."""
    from quantamm_cli.rules.base import Clock

    keys = {"name": "readable", "raw": "name", "unit": "unit", "default": "default", "low": "low", "high": "high"}
    declared = rule().parameters(Clock(chunk_period=1440, max_memory_days=365))
    return [{key: getattr(spec, field) for key, field in keys.items()} for spec in declared]


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

    from quantamm_cli.cli.compose import Composer

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


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item["name"]) for item in value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
