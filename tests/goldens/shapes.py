"""Key trees: what keys a command's JSON has, and of what type their values are.

A leaf is the name of a JSON type, or of several. A list is the one shape that its items have
together; a key that some of them lack ends in ``?``. What is pinned elsewhere is a name in angle
brackets: ``<settings>`` by the fingerprints, ``<metrics>`` and ``<some metrics>`` once for all
tables of metrics (``<older metrics>`` those that version 9274b26 stored), ``<reasons>`` by metrics
that do not exist, ``<schema>`` by the settings that it describes, ``<variables>`` by nothing, as
they are those of the machine.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from goldens import INTENDED, flat

CONF = Path(__file__).resolve().parents[2] / "conf"
METRICS = {path.stem for path in CONF.glob("metric/*.yaml")}
NEWER = {"turnover"}
"""Metrics that results of version 9274b26 have not."""
_LEAST = 10
"""Names of metrics that make an object a table of metrics."""
_TYPES = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
_RULE = " ".join(
    (
        "JSON keys and exit codes are a contract with programs (CLI.md): none may go, be renamed",
        f"or change its type; new ones are welcome. {INTENDED}",
    )
)

Tables = dict[str, set[frozenset[str]]]
"""The names in tables of metrics, by what stands for the table."""


def shape(value: Any, tables: Tables, key: str = "") -> Any:
    """The shape of a JSON value under a key. Its tables of metrics are added to ``tables``."""
    if isinstance(value, list):
        return [merged([shape(item, tables) for item in value])] if value else []
    if not isinstance(value, dict):
        return _TYPES[type(value)]
    if key in ("settings", "config", "train") and value.keys() & {"tokens", "strategies"}:
        return "<settings>"
    if key == "environment":
        return "<variables>"
    if key == "properties":
        return dict.fromkeys(value, "<schema>")
    if key == "undefined":
        assert all(isinstance(reason, str) for reason in value.values()), value
        return "<reasons>"
    own = METRICS & value.keys()
    if len(own) >= _LEAST:  # other names are of metrics that some test registered in this process
        assert all(number is None or isinstance(number, float) for number in value.values()), value
        older = "" if own & NEWER else "older "
        leaf = f"<{older}metrics>" if own | NEWER == METRICS else f"<some {older}metrics>"
        tables.setdefault(leaf, set()).add(frozenset(own))
        return leaf
    return {name: shape(item, tables, name) for name, item in value.items()}


def merged(shapes: Iterable[Any]) -> Any:
    """The one shape of several."""
    first, *others = shapes
    for other in others:
        first = _both(first, other)
    return first


def _both(one: Any, other: Any) -> Any:
    if one == other:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        return _objects(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return [merged([*one, *other])]
    if isinstance(one, str) and isinstance(other, str):
        types = {*one.split(" or "), *other.split(" or ")}
        return " or ".join(sorted(types - {"integer"} if "number" in types else types))
    plain, tree = (one, other) if isinstance(one, str) else (other, one)
    if isinstance(plain, str) and isinstance(tree, dict):
        return _objects(tree, {"or": plain})
    return {"or": plain, "[]": tree}


def _objects(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both: dict[str, Any] = {}
    for name in sorted({key.rstrip("?") for key in (*one, *other)}):
        places = [(tree, key) for tree in (one, other) for key in (name, f"{name}?") if key in tree]
        always = name == "or" or (name in one and name in other)
        both[name if always else f"{name}?"] = merged([tree[key] for tree, key in places])
    return both


def problems(command: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What became of a command's exit code and JSON, in one line; nothing if they are the same."""
    lines = []
    was, now = _leaves(old["json"]), _leaves(new["json"])
    if old["exit"] != new["exit"]:
        lines.append(f"it exits with {new['exit']}, not {old['exit']}")
    for place in sorted(was.keys() | now.keys()):
        if place not in now:
            lines.append(f"the key {place} is gone (it was: {was[place]})")
        elif place not in was:
            lines.append(f"the key {place} is new ({now[place]})")
        elif was[place] != now[place]:
            lines.append(f"the key {place} was: {was[place]}, and is: {now[place]}")
    return [f"qsim {command} --json: {'; '.join(lines)}. {_RULE}"] if lines else []


def _leaves(tree: Any) -> dict[str, str]:
    """By dotted place, the type there; whether it is always there is said with the type."""
    leaves = {}
    for place, leaf in flat(tree).items():
        sometimes = ", in some items only" if "?" in place else ""
        leaves[place.replace("?", "").replace("[0]", "[]")] = f"{leaf or 'empty'}{sometimes}"
    return leaves
