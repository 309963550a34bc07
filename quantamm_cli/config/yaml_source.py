"""Reads YAML of bounded size, inside its folder, without code, with errors that name file and
line.
"""

import copy
import itertools
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
from quantamm_cli.tuning.nested import number

MOST_BYTES = 1_000_000
MOST_NODES = 50_000
"""After aliases are expanded: five short lines of aliases can be a billion nodes."""


class CheckedFiles(FileConfigSource):
    """Hydra's source of files, which reads with ``read_yaml`` and only inside its folder."""

    _folder: str | None = None

    def load_config(self, config_path: str) -> ConfigResult:
        path = self._path(config_path)
        if not self.is_config(config_path):
            raise ConfigLoadError(f"Config not found : {path}")
        text = read_text(path)
        try:
            header = self._get_header_dict(text[:512])
            if header["package"] is None and config_path.startswith("experiment/"):
                header["package"] = "_global_"  # experiments change any setting
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
        """Whether a path stays in the folder: it has no ``..`` and follows no link out of it."""
        if ".." in config_path.split("/") or config_path.startswith("/"):
            return False
        if self._folder is None:
            self._folder = os.path.realpath(self.path)
        path = os.path.realpath(self._path(config_path))
        return os.path.commonpath([self._folder, path]) == self._folder


def read_text(path: Path) -> str:
    """The text of a settings file. Raises ConfigError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            limit = f"{MOST_BYTES // 1_000_000} MB"
            raise ConfigError(str(path), f"is larger than {limit}; it is not a file of settings")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as failure:
        raise ConfigError(str(path), f"is not UTF-8 text (byte {failure.start})") from None
    except OSError as failure:
        raise ConfigError(str(path), failure.strerror or str(failure)) from None


def read_yaml(path: Path, text: str | None = None) -> dict[str, Json]:
    """The mapping in a settings file. Raises ConfigError, with the line if it is not YAML."""
    if text is None:
        text = read_text(path)
    try:
        tree = copy.deepcopy(_parsed(text))
    except OverflowError:
        message = f"more than {MOST_NODES} values; not a file of settings"
        raise ConfigError(str(path), message) from None
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        line = f"{path}:{mark.line + 1}" if mark else str(path)
        message = f"is not valid YAML: {failure.problem or failure.context}"
        if "could not determine a constructor for the tag" in str(failure.problem):
            message += "; tags are not allowed, settings are plain values"
        raise ConfigError(line, message) from None
    except yaml.YAMLError as failure:
        raise ConfigError(str(path), f"is not valid YAML: {str(failure).splitlines()[0]}") from None
    except RecursionError:
        raise ConfigError(
            str(path), "is nested too deeply, or has a value that contains itself"
        ) from None
    except ValueError as failure:
        raise ConfigError(str(path), f"is not valid YAML: {failure}") from None
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        raise ConfigError(
            str(path),
            f"is a list or a single value ({type(tree).__name__}); a file of settings has lines "
            "'key: value'",
        )
    refuse_code(tree, str(path))
    return tree


@cache
def _loader() -> Any:
    """OmegaConf's loader of YAML, cached as each call makes a class."""
    return get_yaml_loader()


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """The value of a YAML text, cached as studies compose the same few files many times.

    Raises OverflowError for more than MOST_NODES values.
    """
    loader = _loader()(text)
    node = loader.get_single_node()
    if node is None:
        return {}
    if _size(node, {}) > MOST_NODES:
        raise OverflowError
    return loader.construct_document(node)


def refuse_code(tree: Any, where: str, parent: str = "") -> None:
    """Raise ConfigError for ``_target_`` anywhere, a key that is not text, and a value of a type
    that settings do not have.

    Components are chosen by name, not by import path. ``parent``: the key that ``tree`` is under;
    under ``choices`` of a space, keys are values and may be numbers.
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            if not isinstance(key, str) and not (parent == "choices" and number(key)):
                raise ConfigError(where, f"the key {key!r} is not text; put it in quotes")
            if key == "_target_":
                raise ConfigError(
                    where,
                    "_target_ is not allowed: components are chosen by their name (qsim show "
                    "pools), not by an import path",
                )
            refuse_code(value, where, str(key).rpartition(".")[2])
    elif isinstance(tree, list | tuple):
        for value in tree:
            refuse_code(value, where)
    elif tree is not None and not isinstance(tree, str | int | float | bool):
        raise ConfigError(
            where,
            f"a value of type {type(tree).__name__}; settings are text, numbers, "
            "true, false, null, lists",
        )


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """The number of nodes of the tree with its aliases expanded, at most MOST_NODES + 1.

    ``sizes`` are those computed, by the identity of the node.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1  # a node that contains itself is endless
        children = node.value
        if isinstance(node, yaml.MappingNode):
            children = itertools.chain.from_iterable(node.value)
        sizes[id(node)] = min(MOST_NODES + 1, 1 + sum(_size(child, sizes) for child in children))
    return sizes[id(node)]
