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

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

COMMAND = "tune"
"""The only command with a study."""
_NAMES = ("sampler", "pruner", "objective")
_PRESET = re.compile(r"study/[^/]+")

Options = Callable[[str], list[str]]
"""The choices of a group."""


def of_override(override: Override, options: Options) -> Override:
    """An override with its short form written out."""
    _, _, name = override.key_or_group.partition("study.")
    if name not in _NAMES or override.is_delete() or override.is_sweep_override():
        return override
    value = override.value()
    if name == "objective" and _scores(value, options):
        return replace(override, key_or_group="study.objective.of")
    if isinstance(value, str):
        return replace(override, key_or_group=f"study/{name}")
    return override


def of_file(loaded: ConfigResult, path: str, options: Options) -> None:
    """Write out the short forms of a file, in place: choices go to its defaults list.

    Raises:
        ConfigError: there is no such choice.
    """
    config = loaded.config
    if not isinstance(config, DictConfig):
        return
    node = config if _PRESET.fullmatch(path) else config.get("study")
    if not isinstance(node, DictConfig) or loaded.defaults_list is None:
        return
    if path == COMMAND and not any(_chooses_study(each) for each in loaded.defaults_list):
        loaded.defaults_list.insert(0, GroupDefault(group="study", value="default"))
    values: Any = OmegaConf.to_container(node, resolve=False)
    with open_dict(node):
        for name in _NAMES:
            if name in values:
                choice = _written_out(node, name, values[name], options, _source(loaded, path))
                loaded.defaults_list += choice


def _source(loaded: ConfigResult, path: str) -> str:
    """The file as the user knows it."""
    return loaded.provider if loaded.path.startswith("structured") else f"{path}.yaml"


def _written_out(
    node: DictConfig, name: str, value: Any, options: Options, source: str
) -> list[GroupDefault]:
    """The choice that a value below ``study`` is, taken out of there."""
    chosen = value.get("kind") if isinstance(value, dict) else value
    if name == "objective" and not isinstance(value, dict) and _scores(value, options):
        node[name] = {"of": value}
    elif isinstance(chosen, str) and "${" not in chosen:
        group = f"study/{name}"
        known = options(group)
        if chosen not in known:
            raise ConfigError(
                f"study.{name}={chosen}",
                f"no {group} is called '{chosen}'{did_you_mean(chosen, known)} (there are: "
                f"{', '.join(known)}), in {source}",
            )
        if isinstance(value, dict):
            del node[name]["kind"]
        else:
            del node[name]
        return [GroupDefault(group=f"/{group}", value=chosen, override=True)]
    return []


def _scores(value: Any, options: Options) -> bool:
    """Whether this in the place of an objective says what is scored, not how cycles are joined."""
    if not isinstance(value, str):
        return value is None or isinstance(value, list | tuple)
    known = options("study/objective")
    return value not in known and not did_you_mean(value, known)


def _chooses_study(default: Any) -> bool:
    return isinstance(default, GroupDefault) and default.group in ("study", "/study")
