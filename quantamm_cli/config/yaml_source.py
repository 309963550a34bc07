"""Reading YAML that others wrote: of bounded size, inside its folder, closed to code, and with
errors that name file and line.
"""

import copy
import os
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigLoadError, ConfigResult
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json

MOST_BYTES = 1_000_000
MOST_NODES = (
    50_000  # after aliases are expanded: five short lines of aliases can be a billion nodes
)


class CheckedFiles(FileConfigSource):
    """Hydra's files, read with ``read_yaml``; nothing outside the folder is one of them."""

    _folder: str | None = None

    def load_config(self, config_path: str) -> ConfigResult:
        path = self._path(config_path)
        if not self.is_config(config_path):
            raise ConfigLoadError(f"Config not found : {path}")
        text = read_text(path)
        try:
            header = self._get_header_dict(text[:512])
            if header["package"] is None and config_path.startswith("experiment/"):
                header["package"] = "_global_"  # deltas on everything, so nobody has to write so
        except ValueError as failure:
            raise ConfigError(str(path), str(failure)) from None
        config = OmegaConf.create(read_yaml(path, text))
        return ConfigResult(
            provider=self.provider,
            path=f"{self.scheme()}://{self.path}",
            config=config,
            header=header,
        )

    def is_config(self, config_path: str) -> bool:
        return self._inside(config_path) and self._path(config_path).is_file()

    def is_group(self, config_path: str) -> bool:
        return self._inside(config_path) and super().is_group(config_path)

    def _path(self, config_path: str) -> Path:
        return Path(self.path, self._normalize_file_name(config_path))

    def _inside(self, config_path: str) -> bool:
        """No ``..`` and no link out of the folder."""
        if ".." in config_path.split("/") or config_path.startswith("/"):
            return False
        if self._folder is None:
            self._folder = os.path.realpath(self.path)
        return (
            os.path.commonpath([self._folder, os.path.realpath(self._path(config_path))])
            == self._folder
        )


def read_text(path: Path) -> str:
    """The text of a settings file. Raises ConfigError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                str(path), f"more than {MOST_BYTES // 1_000_000} MB; not a file of settings"
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as failure:
        raise ConfigError(str(path), f"not UTF-8 text (byte {failure.start})") from None
    except OSError as failure:
        raise ConfigError(str(path), failure.strerror or str(failure)) from None


def read_yaml(path: Path, text: str | None = None) -> dict[str, Json]:
    """The mapping in a settings file. Raises ConfigError with the line of what is wrong."""
    text = read_text(path) if text is None else text
    try:
        tree = copy.deepcopy(_parsed(text))
    except OverflowError:
        raise ConfigError(
            str(path), f"more than {MOST_NODES} values; not a file of settings"
        ) from None
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        line = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(
            line,
            f"not valid YAML: {failure.problem or failure.context}{_cure(str(failure.problem))}",
        ) from None
    except yaml.YAMLError as failure:
        raise ConfigError(str(path), f"not valid YAML: {str(failure).splitlines()[0]}") from None
    except RecursionError:
        raise ConfigError(str(path), "nested too deeply, or a value that contains itself") from None
    except ValueError as failure:
        raise ConfigError(str(path), f"not valid YAML: {failure}") from None
    tree = {} if tree is None else tree
    if not isinstance(tree, dict):
        raise ConfigError(
            str(path),
            "a list or a single value; a file of settings is lines of 'key: value', came "
            f"{type(tree).__name__}",
        )
    refuse_code(tree, str(path))
    return tree


@cache
def _loader() -> Any:
    """OmegaConf's loader of YAML; it makes a class at every call."""
    return get_yaml_loader()


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """What a YAML text says.

    The same few files are composed over and over, in studies and in experiments written.

    Raises OverflowError for more than MOST_NODES values.
    """
    loader = _loader()(text)
    node = loader.get_single_node()
    if node is not None and _size(node, {}) > MOST_NODES:
        raise OverflowError
    return {} if node is None else loader.construct_document(node)


def refuse_code(tree: Any, where: str) -> None:
    """No ``_target_`` anywhere: components are chosen by name, not by import path.

    And keys are text.
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            if not isinstance(key, str):
                raise ConfigError(where, f"the key {key!r} is not text; put it in quotes")
            if key == "_target_":
                raise ConfigError(
                    where,
                    "_target_ is not allowed: components are chosen by their name (qsim show "
                    "pools), not by an import path",
                )
            refuse_code(value, where)
    elif isinstance(tree, list | tuple):
        for value in tree:
            refuse_code(value, where)
    elif tree is not None and not isinstance(tree, str | int | float | bool):
        raise ConfigError(
            where,
            f"a value of type {type(tree).__name__}; settings are text, numbers, "
            "true, false, null, lists",
        )


def _size(node: yaml.Node, seen: dict[int, int]) -> int:
    """How many nodes the tree has once its aliases are written out."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in seen:
        seen[id(node)] = MOST_NODES + 1  # a node inside itself is endless
        inner = [
            part for item in node.value for part in (item if isinstance(item, tuple) else (item,))
        ]
        seen[id(node)] = min(MOST_NODES + 1, 1 + sum(_size(part, seen) for part in inner))
    return seen[id(node)]


def _cure(problem: str) -> str:
    if "tag" in problem and "constructor" in problem:
        return "; tags are not allowed, settings are plain values"
    return ""
