"""A search space as a flat table: each setting, over what it is searched, and under which choices.

A setting may be searched over different ranges under different choices. Optuna knows one range a
name, so that each of them has a name of its own: ``params.width@momentum``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import FIELDS, WRITTEN, label, overlaid
from quantamm_cli.tuning.space import Choices, Spec, When, labels, place, read_spec, setting_of

Entry = tuple[str, Spec]


def read_space(tree: JsonObject) -> dict[str, Spec]:
    """The specifications of a nested space by name; those of a setting under most choices first.

    Raises:
        ConfigError: a specification is not valid, or two of a setting could hold at once.
    """
    by_key: dict[str, list[Spec]] = {}
    for key, spec in _places(tree, "", ()):
        by_key.setdefault(key, []).append(spec)
    space: dict[str, Spec] = {}
    for key, specs in by_key.items():
        specs = sorted(_joined(specs), key=lambda spec: -len(spec.when))
        _check_apart(key, specs)
        for spec in specs:
            under = ".".join(labels(spec.when))
            space[f"{key}@{under}" if under and len(specs) > 1 else key] = spec
    _check_order(space)
    return space


def _places(node: JsonObject, key: str, when: When) -> Iterator[Entry]:
    fields: dict[str, Json] = {}
    for name, value in node.items():
        inner = f"{key}.{name}" if key else str(name)
        if name in FIELDS and key and (name == "branches" or not isinstance(value, Mapping)):
            if value is not None:
                fields[name] = value
        elif isinstance(value, Mapping):
            yield from _places(value, inner, when)
        elif value is not None:
            near = did_you_mean(str(name), WRITTEN)
            raise ConfigError(
                place(inner, when),
                f"{value} is neither a range such as [0.001, 1, log] nor choices{near}",
            )
    branches: Any = fields.pop("branches", {})
    changes: Any = branches.get("changed") or {}
    if changes and "choices" not in fields:
        raise ConfigError(
            place(key, when),
            f"has no choices yet; give them: choices: {{{next(iter(changes))}: {{...}}, ...}}",
        )
    if fields:
        spec = replace(read_spec(fields, place(key, when)), when=when)
        yield key, spec
        yield from _under_choices(key, spec, dict(branches.get("written") or ()), changes)


def _under_choices(
    key: str, spec: Spec, branches: Mapping[str, JsonObject], changes: Mapping[str, Any]
) -> Iterator[Entry]:
    """The settings that are searched under some choices of a setting only."""
    choices = spec.values if isinstance(spec, Choices) else ()
    values = {label(value): value for value in choices}
    for name in changes:
        if name not in values:
            near = did_you_mean(name, values) or f" (there are: {', '.join(values) or 'none'})"
            raise ConfigError(
                f"{place(key, spec.when)}.choices.{name}", f"is not among the choices{near}"
            )
    for name, value in values.items():
        tree: Any = overlaid(branches.get(name, {}), changes.get(name) or {})
        yield from _places(tree, "", (*spec.when, (key, (value,))))


def _joined(specs: Iterable[Spec]) -> list[Spec]:
    """Equal specifications under several choices of one setting as one."""
    joined: list[Spec] = []
    for spec in specs:
        for at, other in enumerate(joined):
            if spec.when and _alike(spec, other):
                *outer, (key, values) = other.when
                when = (*outer, (key, values + spec.when[-1][1]))
                joined[at] = replace(other, when=when)
                break
        else:
            joined.append(spec)
    return joined


def _alike(one: Spec, two: Spec) -> bool:
    """Whether two specifications differ in the choice of the innermost setting only."""
    if len(one.when) != len(two.when) or replace(one, when=()) != replace(two, when=()):
        return False
    return one.when[:-1] == two.when[:-1] and one.when[-1][0] == two.when[-1][0]


def _check_apart(key: str, specs: list[Spec]) -> None:
    """Raise ConfigError if two specifications of a setting could hold at once, unless one is of a
    choice within the other.
    """
    for at, one in enumerate(specs):
        for two in specs[at + 1 :]:
            inner, outer = dict(one.when), dict(two.when)
            apart = any(
                not set(map(label, inner[other])) & set(map(label, outer[other]))
                for other in inner.keys() & outer.keys()
            )
            if not apart and not outer.keys() < inner.keys():
                raise ConfigError(
                    place(key, one.when),
                    f"is searched at {place(key, two.when)}, too, and both could hold in one "
                    "trial; keep one",
                )


def _check_order(space: Mapping[str, Spec]) -> None:
    """Raise ConfigError for a setting under a choice that is itself under it."""
    needs = {
        key: _needs((name for name in space if setting_of(name) == key), space)
        for key in map(setting_of, space)
    }
    for name, spec in space.items():
        reached, waiting = set[str](), [key for key, _ in spec.when]
        while waiting:
            key = waiting.pop()
            if key not in reached:
                reached.add(key)
                waiting += needs.get(key, ())
        if setting_of(name) in reached:
            raise ConfigError(
                place(setting_of(name), spec.when), "is searched under a choice of itself"
            )


def in_order(space: Mapping[str, Spec]) -> dict[str, list[str]]:
    """The names of each setting, with settings after those whose choices they are under."""
    names: dict[str, list[str]] = {}
    for name in space:
        names.setdefault(setting_of(name), []).append(name)
    needs = {key: _needs(own, space) for key, own in names.items()}
    ordered: dict[str, list[str]] = {}
    while len(ordered) < len(names):
        ready = [key for key in names if key not in ordered and needs[key] <= ordered.keys()]
        ordered |= {key: names[key] for key in ready}
    return ordered


def _needs(names: Iterable[str], space: Mapping[str, Spec]) -> set[str]:
    """The settings whose choices some names are under, as far as the space has them."""
    keys = set(map(setting_of, space))
    return {key for name in names for key, _ in space[name].when if key in keys}
