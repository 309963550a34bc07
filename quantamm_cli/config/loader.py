"""Hydra's composition, with one-line errors for wrong overrides and files.

Three steps of ``ConfigLoaderImpl`` are extended: the overrides are read one by one, groups and
their options are checked before the defaults list is built, and keys are checked against the
composed tree before they are applied.
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
from hydra.core.config_store import ConfigStore
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
from quantamm_cli.config.study_choices import COMMAND as TUNE
from quantamm_cli.config.study_choices import StudyChoices
from quantamm_cli.config.yaml_source import refuse_code
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import nested


class FileCache(CachingConfigRepository):
    """Reads each file once.

    Hydra would copy everything in its store, to keep a list of sources that is replaced, never
    changed; this makes a shallow copy.
    """

    def __init__(self, files: ConfigRepository, studies: StudyChoices | None = None) -> None:
        self.delegate = copy.copy(files)
        self.cache = {}
        self._studies = studies

    def load_config(self, config_path: str) -> ConfigResult | None:
        """A file; the short forms of a study are written out."""
        loaded = super().load_config(config_path)
        if self._studies is not None and loaded is not None:
            self._studies.of_file(loaded, config_path)
        return loaded


_FAILURES = (UserWarning, HydraException, OmegaConfBaseException, ValueError, AssertionError)


class Loader(ConfigLoaderImpl):
    """Composes settings. Raises ConfigError."""

    def __init__(self, search_path: ConfigSearchPathImpl) -> None:
        super().__init__(search_path)
        self.free = {"params", "space", "pool.parts"}
        self.read_once = False
        """Whether files are read for the first composition only, so that a study does not change
        while it runs.
        """
        self._cache: CachingConfigRepository | None = None
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
        """The composed settings of one run, with Hydra's own node only if it is mentioned."""
        try:
            with self._translating():
                return self._without_hydra(config_name, overrides)
        except NeedsHydra:
            return self.load_configuration(config_name, overrides, RunMode.RUN)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Turns the errors of Hydra and OmegaConf into ConfigError."""
        try:
            with warnings.catch_warnings():
                # Hydra warns of missing folders and of defaults lists without _self_
                warnings.simplefilter("error", UserWarning)
                yield
        except _FAILURES as failure:
            error = override_syntax.unknown_choice(failure, self.options, self.groups())
            error = error or override_syntax.translated(failure, self._parsed)
            raise self._naming_files(error) from None
        except RecursionError:
            raise ConfigError(
                "", "the settings are nested too deeply, or a file includes itself"
            ) from None
        except TypeError:  # what Hydra raises for a place within a list
            deleted = [override.input_line for override in self._parsed if override.is_delete()]
            if not deleted:
                raise
            raise ConfigError(
                str(deleted[0]), "an item of a list cannot be left out; write the whole list"
            ) from None

    def _naming_files(self, error: ConfigError) -> ConfigError:
        """The error with the user's files of settings in place of the names under which they are
        registered.
        """
        where, message = error.where, error.message
        for override in self._parsed:
            name = override.value() if override.key_or_group == "experiment" else None
            if not isinstance(name, str) or not name.startswith("_"):
                continue
            registered = f"{name}.yaml"
            if registered not in ConfigStore.instance().list("experiment"):
                continue
            file = ConfigStore.instance().load(f"experiment/{registered}").provider or ""
            where = where.replace(f"experiment={name}", f"conf={file}")
            message = message.replace(f"experiment/{name}", file)
            if "conf=" not in where:
                message += f"; chosen in {file}"
        return ConfigError(where, message)

    def _without_hydra(self, config_name: str, overrides: list[str]) -> DictConfig:
        """What ``ConfigLoaderImpl`` does, without Hydra's settings.

        Raises NeedsHydra if they are mentioned.
        """
        parsed, repo = self._parse_overrides_and_create_caching_repo(config_name, overrides)
        refuse_hydra(parsed)
        self.validate_sweep_overrides_legal(parsed, RunMode.RUN, from_shell=True)
        defaults_list = create_defaults_list(
            WithoutHydra(repo), config_name, parsed, prepend_hydra=False, skip_missing=False
        )
        cfg = self._compose_config_from_defaults_list(defaults_list.defaults, repo)
        OmegaConf.set_struct(cfg, True)
        self._apply_overrides_to_config(defaults_list.config_overrides, cfg)
        return cfg

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """The settings of one job of a sweep, composed once: editing conf/ during a sweep changes
        nothing.
        """
        name = tuple(sweep_overrides)
        if name not in self._jobs:
            self._jobs[name] = super().load_sweep_config(master_config, sweep_overrides)
        job: DictConfig = OmegaConf.create(self._jobs[name], flags={"struct": True})
        return job

    def options(self, group: str) -> list[str]:
        """The choices of a group, without those registered for the user's files."""
        if not group:
            return []
        names = self.repository.get_group_options(group, ObjectType.CONFIG)
        return [name for name in names if not name.startswith("_")]

    def groups(self, parent: str = "") -> list[str]:
        """Every group that has choices, without Hydra's own."""
        groups: list[str] = []
        for name in self.repository.get_group_options(parent, ObjectType.GROUP):
            group = f"{parent}/{name}".removeprefix("/")
            if group == "hydra":
                continue
            if self.options(group):
                groups.append(group)
            groups += self.groups(group)
        return groups

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str]
    ) -> tuple[list[Override], CachingConfigRepository]:
        self._parsed = [_in_space(override_syntax.read(self, word)) for word in overrides]
        studies = StudyChoices(self.options) if config_name == TUNE else None
        if studies is not None:
            self._parsed = list(map(studies.of_override, self._parsed))
        repo = self._cache or FileCache(self.repository, studies)
        self._cache = repo if self.read_once else None
        self._process_config_searchpath(config_name, self._parsed, repo)
        for override in self._parsed:
            refuse_code({override.key_or_group.split(".")[-1]: 0}, str(override.input_line))
            if not override.is_sweep_override():
                key = override.key_or_group.rpartition(".")[2]
                refuse_code(override.value(), str(override.input_line), key)
                self._check_choice(override, repo)
        return self._parsed, repo

    @staticmethod
    def validate_sweep_overrides_legal(
        overrides: list[Override], run_mode: RunMode, from_shell: bool
    ) -> None:
        """Raise ConfigError for several values without -m, and for a sweep of Hydra's settings."""
        for override in overrides:
            if not override.is_sweep_override():
                continue
            word = str(override.input_line)
            if run_mode == RunMode.RUN:
                other = override_syntax.as_list(override)
                raise ConfigError(word, f"has several values; add -m to run each of them{other}")
            if override.is_hydra_override():
                raise ConfigError(word, "Hydra's own settings cannot be swept")

    def _check_choice(self, override: Override, repo: CachingConfigRepository) -> None:
        """Raise ConfigError for a group, or an option of it, that does not exist."""
        group, value = override.key_or_group, override.value()
        if not repo.group_exists(group):
            if "/" not in group:
                return
            known = self.groups("hydra" if override.is_hydra_override() else "")
            raise ConfigError(
                group,
                f"no such group{did_you_mean(group, known)} (there are: {', '.join(known)})",
            )
        options = self.options(group)
        if isinstance(value, dict) or override.is_delete():
            return
        if not options:
            raise ConfigError(str(override.input_line), f"the group {group} has no choices")
        if not isinstance(value, str):
            node = self.tree_of(f"{group}/{options[0]}", repo)
            place = group.replace("/", ".")
            raise key_validation.not_a_value(place, value, node, self.options)
        if not repo.config_exists(f"{group}/{value}"):
            near = did_you_mean(value, options)
            own = f"; one of your own needs conf/{group}/{value}.yaml: qsim help adding"
            own = (
                "; for files of your own write data=csv data.dir=FOLDER" if group == "data" else own
            )
            own = "" if near or override.is_hydra_override() else own
            raise ConfigError(
                f"{group}={value}",
                f"no {group} is called '{value}'{near} (there are: {', '.join(options)}){own}",
            )

    def tree_of(self, path: str, repo: IConfigRepository | None = None) -> JsonObject:
        """The settings in the file of a group's option; empty if there is no such file."""
        loaded = (repo or self.repository).load_config(path)
        if loaded is None or not isinstance(loaded.config, DictConfig):
            return {}
        return plain(loaded.config)

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        """Compose. From the experiment on, every key must exist already."""
        names = [str(default.config_path) for default in defaults]
        experiments = [name.startswith("experiment/") for name in names]
        start = [*experiments, True].index(True)
        cfg = super()._compose_config_from_defaults_list(defaults[:start], repo)
        tree = plain(cfg)
        free = (self.free | key_validation.open_places(tree)) & set(key_validation.places(tree))
        for default, name in zip(defaults[start:], names[start:], strict=True):
            loaded = self._load_single_config(default, repo)
            if name.startswith("experiment/") and isinstance(loaded.config, DictConfig):
                registered = loaded.path.startswith("structured")  # a file of the user's
                source = loaded.provider if registered else f"{name}.yaml"
                delta = container(loaded.config)
                if "hydra" in delta:
                    raise ConfigError(
                        "hydra", f"Hydra's own settings belong on the command line, not in {source}"
                    )
                with self._naming_options(tree, repo):
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
        """A file; the dotted keys of a search space become a tree, to be merged as one."""
        loaded = super()._load_single_config(default, repo)
        config = loaded.config
        if not isinstance(config, DictConfig):
            return loaded
        has_space = isinstance(config.get("space"), DictConfig)
        if has_space or self.read_once:
            # The loaded one is in a cache, and Hydra merges nodes without copying them: a
            # composition would change the file for the next one.
            config = copy.deepcopy(config)
        if has_space:
            space = OmegaConf.to_container(config.space, resolve=False)
            config.space = nested(space, "space")
        return replace(loaded, config=config)

    def _check_values(self, tree: JsonObject, free: set[str], repo: IConfigRepository) -> None:
        """Raise ConfigError if ``key=value`` or ``~key`` names a key that does not exist; Hydra
        checks ``+key``.
        """
        for override in self._parsed:
            key, value = override.key_or_group, override.value()
            chosen = repo.group_exists(key) and not isinstance(value, dict)
            if chosen or override.package:
                continue
            if override.is_hydra_override() or override.is_sweep_override():
                continue
            if override.is_delete():
                if key_validation.lookup(tree, key.split(".")) is None:
                    raise key_validation.unknown(key, tree)
            elif not (override.is_add() or override.is_force_add()):
                with self._naming_options(tree, repo):
                    key_validation.check_key(tree, key, value, free, self.options)

    @contextmanager
    def _naming_options(self, tree: JsonObject, repo: IConfigRepository) -> Iterator[None]:
        """Adds to the error for a setting that the chosen component lacks which options of its
        group have it.
        """
        try:
            yield
        except ConfigError as failure:
            place, _, name = failure.where.rpartition(".")
            parent = key_validation.lookup(tree, place.split("."))
            moved = not isinstance(parent, dict) and "." in place
            if moved:  # market.data.dir: perhaps data.dir was meant
                place = place.partition(".")[2]
                parent = key_validation.lookup(tree, place.split("."))
            if not isinstance(parent, dict) or (name in parent and not moved):
                raise
            group = place.replace(".", "/")
            choices = [
                f"{group}={option}"
                for option in self.options(group)
                if name in self.tree_of(f"{group}/{option}", repo)
            ]
            if not choices:
                raise
            advice = f"write {place}.{name}, with" if moved else "choose one that has it:"
            message = failure.message.partition(" (")[0]
            raise ConfigError(
                failure.where, f"{message}; {advice} {' or '.join(choices)}"
            ) from None


def _in_space(override: Override) -> Override:
    """``space.fit.learning_rate=[0.01,1]`` as a change of the whole space."""
    if override.is_delete() or override.is_sweep_override():
        return override
    key, value = override.key_or_group, override.value()
    if key.startswith("space."):
        value = {key.removeprefix("space."): value}
    elif key != "space" or not isinstance(value, dict):
        return override
    return replace(override, key_or_group="space", _value=nested(value, "space"))


def container(cfg: DictConfig, resolve: bool = False) -> dict[str, Json]:
    """A composed tree as plain values.

    With ``resolve`` its interpolations are resolved; a missing value is an error of OmegaConf.
    """
    values: Any = OmegaConf.to_container(cfg, resolve=resolve, throw_on_missing=resolve)
    return dict(values)


def plain(cfg: DictConfig) -> dict[str, Json]:
    """A composed tree without Hydra's node, not resolved."""
    tree = container(cfg)
    tree.pop("hydra", None)
    return tree
