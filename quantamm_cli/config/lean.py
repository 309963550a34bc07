"""Composition without Hydra's own settings, which takes half the time.

They are composed only where a sweep needs them, or the command line or a user's file mentions them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hydra._internal.config_repository import IConfigRepository
from hydra.core.default_element import GroupDefault, InputDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import DictConfig

OURS = "main"
"""The provider of the packaged conf; what it sets of Hydra changes no other setting."""


class NeedsHydra(Exception):  # noqa: N818 - an event, not an error
    """Hydra's own settings are mentioned."""


class WithoutHydra(IConfigRepository):
    """The files of another repository; in the packaged ones, what they set of Hydra is ignored.

    Raises NeedsHydra where other files mention Hydra's settings.
    """

    def __init__(self, files: IConfigRepository) -> None:
        self.files = files

    def load_config(self, config_path: str) -> ConfigResult | None:
        """A file, its defaults list without Hydra's groups."""
        loaded = self.files.load_config(config_path)
        if loaded is None:
            return None
        listed = loaded.defaults_list or []
        settings = [default for default in listed if not _of_hydra(default)]
        mentions = len(settings) < len(listed) or _hydras(loaded.header["package"])
        mentions = mentions or (isinstance(loaded.config, DictConfig) and "hydra" in loaded.config)
        if mentions and not (loaded.provider == OURS and loaded.path.startswith("file:")):
            raise NeedsHydra
        return replace(loaded, defaults_list=settings)

    def get_schema_source(self) -> ConfigSource:
        """The source of structured settings."""
        return self.files.get_schema_source()

    def group_exists(self, config_path: str) -> bool:
        """Whether there is such a group."""
        return self.files.group_exists(config_path)

    def config_exists(self, config_path: str) -> bool:
        """Whether there is such a file."""
        return self.files.config_exists(config_path)

    def get_group_options(
        self, group_name: str, results_filter: ObjectType | None = ObjectType.CONFIG
    ) -> list[str]:
        """The choices of a group."""
        return self.files.get_group_options(group_name, results_filter)

    def get_sources(self) -> list[ConfigSource]:
        """The sources of files."""
        return self.files.get_sources()

    def initialize_sources(self, config_search_path: Any) -> None:
        """Sets the sources of files."""
        self.files.initialize_sources(config_search_path)


def refuse_hydra(overrides: Sequence[Override]) -> None:
    """Raises NeedsHydra if an override is of Hydra's own settings."""
    for override in overrides:
        if _hydras(override.key_or_group) or _hydras(override.package):
            raise NeedsHydra


def _of_hydra(default: InputDefault) -> bool:
    place = default.group if isinstance(default, GroupDefault) else getattr(default, "path", None)
    return _hydras(place) or _hydras(default.package)


def _hydras(place: str | None) -> bool:
    """Whether a group, a path or a package is within Hydra's settings."""
    parts = (place or "").removeprefix("_global_.").lstrip("/").replace("/", ".").split(".")
    return parts[0] == "hydra"
