"""Hydra's composition, with every wrong word found while it happens and said in one line.

Three steps of ``ConfigLoaderImpl`` are widened: the overrides are read one by one, groups and their
options are checked before the defaults list is built, and keys are checked against the composed
tree just before they would be applied.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import (
    CachingConfigRepository,
    ConfigRepository,
    IConfigRepository,
)
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.default_element import ResultDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from quantamm_cli.config import key_validation
from quantamm_cli.config import overrides as override_syntax
from quantamm_cli.config.lean import NeedsHydra, WithoutHydra, refuse_hydra
from quantamm_cli.config.yaml_source import refuse_code
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import nested


class Remembering(CachingConfigRepository):
    """What was read once. Hydra would copy all there is in its store, to keep a list of sources
    that is replaced, never changed.
    """

    def __init__(self, files: ConfigRepository) -> None:
        self.delegate = copy.copy(files)
        self.cache = {}


class Loader(ConfigLoaderImpl):
    """Composes, or raises ConfigError."""

    def __init__(self, search_path: ConfigSearchPathImpl) -> None:
        super().__init__(search_path)
        self.free = {"params", "space", "pool.parts"}
        self.keep = False
        """Whether files are read once only, however often is composed:
        a study goes on as it began.
        """
        self._kept: CachingConfigRepository | None = None
        self._parsed: list[Override] = []
        self._jobs: dict[tuple[str, ...], DictConfig] = {}

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """The composed settings, Hydra's own node included."""
        with self._translating():
            return super().load_configuration(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides
            )

    def settings(self, config_name: str, overrides: list[str]) -> DictConfig:
        """The composed settings of one run; Hydra's own node is only there if it is mentioned."""
        try:
            with self._translating():
                return self._without_hydra(config_name, overrides)
        except NeedsHydra:
            return self.load_configuration(config_name, overrides, RunMode.RUN)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """What Hydra and OmegaConf complain of, as ConfigError."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "error", UserWarning
                )  # Hydra warns of folders that are not there and defaults lists without _self_
                yield
        except (
            UserWarning,
            HydraException,
            OmegaConfBaseException,
            ValueError,
            AssertionError,
        ) as failure:
            raise override_syntax.translated(failure, self._parsed) from None
        except RecursionError:
            raise ConfigError(
                "", "the settings are nested too deeply, or a file includes itself"
            ) from None
        except TypeError:  # what Hydra makes of a place within a list
            left_out = [override.input_line for override in self._parsed if override.is_delete()]
            if not left_out:
                raise
            raise ConfigError(
                str(left_out[0]), "an item of a list cannot be left out; give the whole list"
            ) from None

    def _without_hydra(self, config_name: str, overrides: list[str]) -> DictConfig:
        """What ``ConfigLoaderImpl`` does, but for Hydra's settings.

        Raises NeedsHydra if they are mentioned.
        """
        parsed, repo = self._parse_overrides_and_create_caching_repo(config_name, overrides)
        refuse_hydra(parsed)
        self.validate_sweep_overrides_legal(parsed, RunMode.RUN, from_shell=True)
        found = create_defaults_list(
            WithoutHydra(repo), config_name, parsed, prepend_hydra=False, skip_missing=False
        )
        cfg = self._compose_config_from_defaults_list(found.defaults, repo)
        OmegaConf.set_struct(cfg, True)
        self._apply_overrides_to_config(found.config_overrides, cfg)
        return cfg

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """One job of a sweep.

        The second time it is the first one again: editing conf/ during a sweep changes nothing.
        """
        name = tuple(sweep_overrides)
        if name not in self._jobs:
            self._jobs[name] = super().load_sweep_config(master_config, sweep_overrides)
        job: DictConfig = OmegaConf.create(self._jobs[name], flags={"struct": True})
        return job

    def options(self, group: str) -> list[str]:
        """The choices of a group; those made up for files are left out."""
        return (
            [
                name
                for name in self.repository.get_group_options(group, ObjectType.CONFIG)
                if not name.startswith("_")
            ]
            if group
            else []
        )

    def groups(self, parent: str = "") -> list[str]:
        """Every group that has choices, our own ones."""
        found: list[str] = []
        for name in self.repository.get_group_options(parent, ObjectType.GROUP):
            group = f"{parent}/{name}" if parent else name
            if group != "hydra":
                found += [group] * bool(self.options(group)) + self.groups(group)
        return found

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str]
    ) -> tuple[list[Override], CachingConfigRepository]:
        self._parsed = [_in_space(override_syntax.read(self, word)) for word in overrides]
        repo = self._kept or Remembering(self.repository)
        self._kept = repo if self.keep else None
        self._process_config_searchpath(config_name, self._parsed, repo)
        for override in self._parsed:
            refuse_code({override.key_or_group.split(".")[-1]: 0}, str(override.input_line))
            if not override.is_sweep_override():
                refuse_code(override.value(), str(override.input_line))
                self._check_choice(override, repo)
        return self._parsed, repo

    @staticmethod
    def validate_sweep_overrides_legal(
        overrides: list[Override], run_mode: RunMode, from_shell: bool
    ) -> None:
        """Several values need -m."""
        for override in overrides:
            if override.is_sweep_override() and run_mode == RunMode.RUN:
                raise ConfigError(
                    str(override.input_line),
                    "several values; add -m to run each of "
                    f"them{override_syntax.as_list(override)}",
                )
            if override.is_sweep_override() and override.is_hydra_override():
                raise ConfigError(str(override.input_line), "Hydra's own settings cannot be swept")

    def _check_choice(self, override: Override, repo: CachingConfigRepository) -> None:
        """A group takes one of its options; a word with a slash is a group."""
        group, value = override.key_or_group, override.value()
        if not repo.group_exists(group):
            if "/" in group:
                known = self.groups("hydra" if override.is_hydra_override() else "")
                raise ConfigError(
                    group,
                    f"no such group{did_you_mean(group, known)} (there are: {', '.join(known)})",
                )
            return
        options = self.options(group)
        if isinstance(value, dict) or override.is_delete():
            return
        if not options:
            raise ConfigError(str(override.input_line), f"the group {group} has no choices")
        if not isinstance(value, str):
            raise key_validation.not_a_value(
                group.replace("/", "."),
                value,
                self.tree_of(f"{group}/{options[0]}", repo),
                self.options,
            )
        if not repo.config_exists(f"{group}/{value}"):
            name = f"{group}={value}"
            raise ConfigError(
                name,
                f"no {group} is called '{value}'{did_you_mean(value, options)} (there are: "
                f"{', '.join(options)})",
            )

    def tree_of(self, path: str, repo: IConfigRepository | None = None) -> JsonObject:
        """The settings of a group's option as its own file has them;
        nothing where there is no such file.
        """
        loaded = (repo or self.repository).load_config(path)
        return (
            plain(loaded.config)
            if loaded is not None and isinstance(loaded.config, DictConfig)
            else {}
        )

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        """Compose; from the experiment on, keys that are not there yet are typos."""
        names = [str(default.config_path) for default in defaults]
        start = next(
            (i for i, name in enumerate(names) if name.startswith("experiment/")), len(names)
        )
        cfg = super()._compose_config_from_defaults_list(defaults[:start], repo)
        tree = plain(cfg)
        free = (self.free | key_validation.open_places(tree)) & set(key_validation.places(tree))
        for default, name in zip(defaults[start:], names[start:], strict=True):
            loaded = self._load_single_config(default, repo)
            if name.startswith("experiment/") and isinstance(loaded.config, DictConfig):
                source = loaded.provider if loaded.path.startswith("structured") else f"{name}.yaml"
                delta = container(loaded.config)
                if "hydra" in delta:
                    raise ConfigError(
                        "hydra", f"Hydra's own settings belong on the command line, not in {source}"
                    )
                with self._homes(tree, repo):
                    key_validation.check_delta(tree, delta, free, self.options, f" in {source}")
            cfg.merge_with(loaded.config)
            tree = plain(cfg)
        self._check_values(tree, free, repo)
        for place in free:
            node = OmegaConf.select(cfg, place)
            if isinstance(node, DictConfig):
                OmegaConf.set_struct(node, False)
        return cfg

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        """A search space may be written with dots in its keys; it is merged as a tree."""
        loaded = super()._load_single_config(default, repo)
        if isinstance(loaded.config, DictConfig) and isinstance(
            loaded.config.get("space"), DictConfig
        ):
            config = copy.deepcopy(loaded.config)  # what was loaded is in a cache
            config.space = nested(OmegaConf.to_container(config.space, resolve=False), "space")
            loaded = replace(loaded, config=config)
        return loaded

    def _check_values(self, tree: JsonObject, free: set[str], repo: IConfigRepository) -> None:
        """``key=value`` must name a key there is; ``+key`` and ``~key`` are Hydra's to judge."""
        for override in self._parsed:
            value = override.value()
            chosen = repo.group_exists(override.key_or_group) and not isinstance(value, dict)
            if (
                override.is_hydra_override()
                or override.is_sweep_override()
                or chosen
                or override.package
            ):
                continue
            if (
                override.is_delete()
                and key_validation.lookup(tree, override.key_or_group.split(".")) is None
            ):
                raise key_validation.unknown(override.key_or_group, tree)
            if not (override.is_add() or override.is_force_add() or override.is_delete()):
                with self._homes(tree, repo):
                    key_validation.check_key(tree, override.key_or_group, value, free, self.options)

    @contextmanager
    def _homes(self, tree: JsonObject, repo: IConfigRepository) -> Iterator[None]:
        """To a setting that the chosen component does not have, say which of its group do."""
        try:
            yield
        except ConfigError as failure:
            place, _, name = failure.where.rpartition(".")
            parent = key_validation.lookup(tree, place.split("."))
            moved = not isinstance(parent, dict) and "." in place
            place = (
                place.partition(".")[2] if moved else place
            )  # market.data.dir: perhaps data.dir was meant
            parent, group = key_validation.lookup(tree, place.split(".")), place.replace(".", "/")
            if not isinstance(parent, dict) or (name in parent and not moved):
                raise
            homes = [
                option
                for option in self.options(group)
                if name in self.tree_of(f"{group}/{option}", repo)
            ]
            if not homes:
                raise
            chosen = " or ".join(f"{group}={option}" for option in homes)
            said = failure.message.partition(" (")[0]
            cure = (
                f"write {place}.{name}, with {chosen}"
                if moved
                else f"choose one that has it: {chosen}"
            )
            raise ConfigError(failure.where, f"{said}; {cure}") from None


def _in_space(override: Override) -> Override:
    """``space.fit.learning_rate=[0.01,1]`` as a change of the whole space."""
    key = override.key_or_group
    if (key == "space" or key.startswith("space.")) and not (
        override.is_delete() or override.is_sweep_override()
    ):
        value = override.value()
        if key != "space" or isinstance(value, dict):
            return replace(
                override,
                key_or_group="space",
                _value=nested({key[6:]: value} if key[6:] else value, "space"),
            )
    return override


def container(cfg: DictConfig, resolve: bool = False) -> dict[str, Json]:
    """A composed tree as plain values; ``resolve`` its interpolations,
    of which none may be missing.
    """
    values: Any = OmegaConf.to_container(cfg, resolve=resolve, throw_on_missing=resolve)
    return dict(values)


def plain(cfg: DictConfig) -> dict[str, Json]:
    """A composed tree without Hydra's node, not resolved."""
    tree = container(cfg)
    tree.pop("hydra", None)
    return tree
