"""Settings as a file of deltas that gives the same run by itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

from quantamm_cli.config.compose import Composer, own_conf
from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train

_ABSENT = object()


class Experiments:
    """Settings written as experiments. Whatever is written, the packaged configuration and the one
    found here are read once.
    """

    def __init__(self) -> None:
        here: list[str | None] = [None] if own_conf() else []
        self._composers = [Composer("train", (), place) for place in (str(packaged_conf()), *here)]
        for composer in self._composers:
            composer.loader.keep = True
        self._known: dict[tuple[str, ...], list[JsonObject]] = {}

    def text(self, tree: JsonObject, comments: Sequence[str]) -> str:
        """The YAML.

        What it leaves out is the same in the packaged configuration and in the one
        found here, ./conf included.
        """
        tree = {name: value for name, value in tree.items() if name in Train.model_fields}
        usual = [dict(_kinds(base)) for base in self._bases({})]
        other = {
            group: kind
            for group, kind in _kinds(tree)
            if any(kinds.get(group) != kind for kinds in usual)
        }
        overrides = [{f"override /{group}": kind} for group, kind in other.items()]
        body = ({"defaults": overrides} if overrides else {}) | _delta(tree, self._bases(other))
        head = ["@package _global_", *(" ".join(comment.split()) for comment in comments)]
        return (
            "".join(f"# {line}\n" for line in head)
            + "\n"
            + (OmegaConf.to_yaml(OmegaConf.create(body)) if body else "")
        )

    def _bases(self, other: Mapping[str, str]) -> list[JsonObject]:
        """The settings of each configuration with other kinds chosen."""
        words = tuple(f"{group}={kind}" for group, kind in other.items())
        if words not in self._known:
            self._known[words] = [composer.tree(words) for composer in self._composers]
        return self._known[words]


def _kinds(tree: JsonObject, place: str = "") -> Iterator[tuple[str, str]]:
    """The groups of a tree and the kind each has, outer ones first."""
    for name, node in tree.items():
        if isinstance(node, dict):
            if "kind" in node:
                yield f"{place}{name}", node["kind"]
            yield from _kinds(node, f"{place}{name}/")


def _delta(tree: JsonObject, bases: Sequence[Any]) -> dict[str, Json]:
    """The part of a tree in which it differs from any of the others;
    the kinds are chosen elsewhere.
    """
    delta: dict[str, Json] = {}
    for key, value in tree.items():
        others = [base.get(key, _ABSENT) for base in bases]
        if isinstance(value, dict) and all(isinstance(other, dict) for other in others):
            inner = _delta(value, others)
            delta |= {key: inner} if inner else {}
        elif not (key == "kind" and "kind" in bases[0]) and any(
            other is _ABSENT or canonical(other) != canonical(value) for other in others
        ):
            delta[key] = value
    return delta
