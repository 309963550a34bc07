"""What every setting is where nobody says it, and the laws by which that may change
(``settings/history.py``).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from kinds import CONF
from pydantic import BaseModel

from quantamm_cli.config.components import load_components, load_strategies
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.component import REGISTER, Component, Settings
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.history import CHANGES, DOCUMENT
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.tuning.settings import Study

load_components()
load_strategies()
ROOTS = {"simulate": Simulate, "train": Train, "compete": Compete, "tune": Study}

Tree = dict[str, Any]


def declared() -> Tree:
    """By ``group/kind``, command or class: its meaning, its settings, and its YAML."""
    trees: Tree = {}
    for group, kinds in REGISTER.items():
        for kind, cls in kinds.items():
            if cls.__module__.startswith("quantamm_cli."):
                trees[f"{group}/{kind}"] = described(cls, CONF / group / f"{kind}.yaml")
    for command, cls in ROOTS.items():
        trees[command] = described(cls, CONF / f"{command}.yaml")
    later = {name: own for name, own in described(Simulate)["settings"].items() if "since" in own}
    base = {"meaning": Train.meaning, "settings": later, "yaml": _yaml(CONF / "base.yaml")}
    trees["base"] = base
    for cls in _inner(list(ROOTS.values())):
        trees[cls.__name__] = described(cls)
    return trees


def described(cls: type[Settings], file: Path | None = None) -> Tree:
    """The meaning of a class, its settings with default and ``since``, and its YAML."""
    settings = {}
    for name, field in cls.model_fields.items():
        extra = field.json_schema_extra
        own = {"since": extra["since"]} if isinstance(extra, dict) and "since" in extra else {}
        if not field.is_required():
            own["default"] = plain(field.get_default(call_default_factory=True))
        settings[name] = own
    tree = {"meaning": cls.meaning, "settings": settings}
    there = file is not None and file.exists()
    return json.loads(json.dumps(tree | ({"yaml": _yaml(file)} if there else {})))


def unlawful(old: Mapping[str, Tree], new: Mapping[str, Tree]) -> list[str]:
    """What changed against the laws, a line each."""
    lines = [f"{where} is gone: its stored runs open no more" for where in old.keys() - new.keys()]
    for where, tree in new.items():
        lines += [f"{where}: {line}" for line in _changed(old.get(where), tree)]
        if tree["meaning"] > 1 and tree["meaning"] not in _recorded(where):
            lines.append(f"{where}: meaning {tree['meaning']} has no line in CHANGES of history.py")
    return sorted(lines)


def _changed(old: Tree | None, new: Tree) -> Iterator[str]:
    if old is None:
        return
    if new["meaning"] < old["meaning"]:
        yield f"its meaning fell from {old['meaning']} to {new['meaning']}"
    if new["meaning"] > old["meaning"]:
        return
    raise_it = "raise its meaning, and say what changed in CHANGES of settings/history.py"
    if old.get("yaml") != _without_new(old, new):
        yield f"its YAML has other defaults; {raise_it}"
    for name in sorted(old["settings"].keys() | new["settings"].keys()):
        was, now = old["settings"].get(name), new["settings"].get(name)
        if now is None:
            yield f"setting {name} is gone; {raise_it}"
        elif was is None and not ("default" in now and 1 < now.get("since", 0) <= DOCUMENT):
            yield (
                f"new setting {name} needs a default and json_schema_extra=since({DOCUMENT + 1}), "
                f"with DOCUMENT={DOCUMENT + 1} in settings/history.py"
            )
        elif was is not None and was != now:
            yield f"setting {name} was {was}, is {now}; {raise_it}"


def _without_new(old: Tree, new: Tree) -> Any:
    """Its YAML without the settings that came with ``since`` and have their default there. A null
    where the YAML had the default of the class is that default, worked out of other settings.
    """
    if not isinstance(old.get("yaml"), dict) or not isinstance(new.get("yaml"), dict):
        return new.get("yaml")
    was = old["yaml"]
    defaults = {key: own.get("default") for key, own in new["settings"].items()}
    worked_out = {key for key, value in new["yaml"].items() if value is None and key in was}
    return {
        key: was[key] if key in worked_out and was[key] == defaults.get(key) else value
        for key, value in new["yaml"].items()
        if key in old["yaml"]
        or not (own := new["settings"].get(key, {})).get("since")
        or value != own["default"]
    }


def _recorded(where: str) -> set[int]:
    return {change.meaning for change in CHANGES if change.where == where}


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text("utf-8"))


def _inner(todo: list[type[BaseModel]]) -> list[type[Settings]]:
    """The settings inside others that are no components."""
    found: dict[type[Settings], None] = {}
    kinds = [cls for kinds in REGISTER.values() for cls in kinds.values()]
    for cls in [*todo, *kinds]:
        for field in cls.model_fields.values():
            for inner in _classes(field.annotation):
                if not issubclass(inner, Component) and inner not in todo:
                    found[inner] = None
    return list(found)


def _classes(annotation: Any) -> Iterator[type[Settings]]:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _classes(part)
