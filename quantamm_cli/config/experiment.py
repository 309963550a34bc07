"""Settings as an experiment file: YAML of the differences, which gives the same run by itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

from quantamm_cli.config.compose import Composer, own_conf
from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train

_ABSENT = object()
_GROUPS = {"base": "pool", "parent": "pool", "rule": "pool/rule", "guard": "pool/guard"}
"""The groups of components within others, by the last name of their place."""


class Experiments:
    """Writes settings as experiments, and reads the configurations they are compared with once."""

    def __init__(self) -> None:
        self._composers = [Composer("train", (), str(packaged_conf()))]
        if own_conf():
            self._composers.append(Composer("train"))
        for composer in self._composers:
            composer.loader.read_once = True
        self._known: dict[tuple[str, ...], list[JsonObject]] = {}

    def text(self, tree: JsonObject, comments: Sequence[str]) -> str:
        """The YAML.

        A setting is left out if it has the same value in the packaged configuration and, where
        there is one, with ./conf.
        """
        tree = {name: value for name, value in tree.items() if name in Train.model_fields}
        usual = set.intersection(*(set(_kinds(base)) for base in self._bases({})))
        chosen = {_group(place): kind for place, kind in _kinds(tree) if (place, kind) not in usual}
        body = _delta(tree, self._bases(chosen))
        if chosen:
            # Hydra wants what is added before what is overridden.
            ordered = sorted(chosen.items(), key=lambda choice: not choice[0].startswith("+"))
            overrides = [{_default(group): kind} for group, kind in ordered]
            body = {"defaults": overrides, **body}
        head = ["@package _global_", *(" ".join(comment.split()) for comment in comments)]
        text = "".join(f"# {line}\n" for line in head) + "\n"
        if body:
            text += OmegaConf.to_yaml(OmegaConf.create(body))
        return text

    def _bases(self, chosen: Mapping[str, str]) -> list[JsonObject]:
        """The settings of each configuration with these kinds chosen."""
        words = tuple(f"{group}={kind}" for group, kind in chosen.items())
        if words not in self._known:
            self._known[words] = [composer.tree(words) for composer in self._composers]
        return self._known[words]


def _group(place: str) -> str:
    """The group that chooses what stands at a place, as an override names it: ``pool/rule``,
    ``pool@pool.base``, or ``+pool@pool.parts.NAME.pool``, which is a choice only if added.
    """
    *_, outer, _, name = ["", "", *place.split("/")]
    group = _GROUPS.get(name, name)
    added = "+" if outer == "parts" else ""
    return group if group == place else f"{added}{group}@{place.replace('/', '.')}"


def _default(group: str) -> str:
    """The entry of a defaults list for a group of ``_group``."""
    return f"/{group[1:]}" if group.startswith("+") else f"override /{group}"


def _kinds(tree: JsonObject, place: str = "") -> Iterator[tuple[str, str]]:
    """The places of a tree that have a kind, and their kinds, outer places first."""
    for name, node in tree.items():
        if isinstance(node, dict):
            if "kind" in node:
                yield f"{place}{name}", node["kind"]
            yield from _kinds(node, f"{place}{name}/")


def _delta(tree: JsonObject, bases: Sequence[Any]) -> dict[str, Json]:
    """The part of a tree that differs from any of the bases; without kinds, which ``defaults``
    choose.
    """
    delta: dict[str, Json] = {}
    for key, value in tree.items():
        others = [base.get(key, _ABSENT) for base in bases]
        if isinstance(value, dict) and all(isinstance(other, dict) for other in others):
            inner = _delta(value, others)
            if inner:
                delta[key] = inner
        elif not (key == "kind" and "kind" in bases[0]) and any(
            other is _ABSENT or canonical(other) != canonical(value) for other in others
        ):
            delta[key] = value
    return delta
