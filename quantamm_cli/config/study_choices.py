"""The short forms of the components of a study: a name where their settings are.

``study.sampler=cmaes`` is the choice ``study/sampler=cmaes``, and so is ``sampler: cmaes`` below
``study`` in a file. ``study.objective=validation.calmar`` is ``study.objective.of``.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hydra.core.default_element import GroupDefault
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf, open_dict

from quantamm_cli.settings.suggestions import did_you_mean

COMMAND = "tune"
"""The only command with a study."""
_NAMES = ("sampler", "pruner", "objective")
_PRESET = re.compile(r"study/[^/]+")

Options = Callable[[str], list[str]]
"""The choices of a group."""


class StudyChoices:
    """Writes out the short forms of one composition."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._defaults: dict[str, str] = {}
        """What the command's own file chooses; every other choice comes before it."""

    def of_override(self, override: Override) -> Override:
        """An override with its short form written out."""
        _, _, name = override.key_or_group.partition("study.")
        if name not in _NAMES or override.is_delete() or override.is_sweep_override():
            return override
        value = override.value()
        if name == "objective" and self._is_score(value):
            return replace(override, key_or_group="study.objective.of")
        if isinstance(value, str):
            return replace(override, key_or_group=f"study/{name}")
        return override

    def of_file(self, loaded: ConfigResult, path: str) -> None:
        """Write out the short forms of a file, in place: choices go to its defaults list, of which
        those that do not exist are refused like all others.
        """
        config, defaults = loaded.config, loaded.defaults_list
        if not isinstance(config, DictConfig) or defaults is None:
            return
        preset = _PRESET.fullmatch(path) is not None
        node = config if preset else config.get("study")
        if not isinstance(node, DictConfig):
            return
        chosen = self._taken_out(node)
        if path != COMMAND:
            prefix = "" if preset else "/study/"
            for name, value in chosen.items():
                defaults.append(GroupDefault(group=prefix + name, value=value, override=True))
        elif not any(map(_chooses_study, defaults)):  # as it was before a study was a group
            defaults.insert(0, GroupDefault(group="study", value="default"))
            self._defaults = chosen
        if path == "study/default":
            for each in defaults:
                if isinstance(each, GroupDefault) and each.group in self._defaults:
                    each.value = self._defaults[each.group]

    def _taken_out(self, node: DictConfig) -> dict[str, str]:
        """The choices that are values of a node, which loses them."""
        chosen: dict[str, str] = {}
        values: Any = OmegaConf.to_container(node, resolve=False)
        with open_dict(node):
            for name in filter(values.__contains__, _NAMES):
                value = values[name]
                inside = isinstance(value, dict)
                if name == "objective" and not inside and self._is_score(value):
                    node[name] = {"of": value}
                    continue
                kind = value.get("kind") if inside else value
                if not isinstance(kind, str) or "${" in kind:
                    continue
                chosen[name] = kind
                if inside:
                    del node[name]["kind"]
                else:
                    del node[name]
        return chosen

    def _is_score(self, value: Any) -> bool:
        """Whether what is in the place of an objective says what is scored, not how cycles are
        joined.
        """
        if not isinstance(value, str):
            return value is None or isinstance(value, list | tuple)
        known = self._options("study/objective")
        return value not in known and not did_you_mean(value, known)


def _chooses_study(default: Any) -> bool:
    return isinstance(default, GroupDefault) and default.group in ("study", "/study")
