"""From overrides to one plain tree: the search path, ``conf=``, interpolations."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue, OmegaConfBaseException

from quantamm_cli.config import key_validation
from quantamm_cli.config.loader import Loader, container, plain
from quantamm_cli.config.yaml_source import CheckedFiles, read_yaml
from quantamm_cli.errors import ArgumentError, ConfigError
from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.plugins import plugin_folders
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.store.reference import is_fingerprint

MACHINE = ("runs_dir", "data.dir")
"""The only settings that may depend on the machine: they are no part of the fingerprint."""
_RESOLVER = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*:")
_NESTED = re.compile(r"\$\{[^}]*\$\{")
_WORD = re.compile(r"\w+")
_HARMLESS = {"oc.select", "oc.create", "oc.decode", "oc.dict.keys", "oc.dict.values"}


class Composer:
    """The settings of one command and its overrides."""

    def __init__(
        self, name: str, overrides: tuple[str, ...] = (), config_dir: str | None = None
    ) -> None:
        version.setbase("1.3")
        setup_globals()
        Plugins.instance()
        SourcesRegistry.instance().types[CheckedFiles.scheme()] = CheckedFiles
        self.name = name
        self.loader = Loader(_search_path(config_dir))
        named = [override for override in overrides if override.startswith("conf=")]
        if len(named) > 1:
            raise ConfigError(
                named[1],
                f"only one conf= is possible, after {named[0]}; put both into one file of settings",
            )
        self.overrides: list[str] = []
        for override in overrides:
            self.overrides += _conf(self.loader, override)

    def compose(self) -> DictConfig:
        """The composed settings with Hydra's node."""
        return self.loader.load_configuration(self.name, self.overrides, RunMode.RUN)

    def tree(self, more: Sequence[str] = ()) -> JsonObject:
        """The plain resolved settings, with ``more`` overrides after those of the composer."""
        return resolved(self.loader.settings(self.name, [*self.overrides, *more]))

    def part(self, package: str | None) -> Any:
        """The plain resolved settings, or the part of them at a dotted place."""
        tree = self.tree()
        return _part(tree, package) if package else tree

    def yaml(
        self, kind: str | None = "job", package: str | None = None, resolve: bool = False
    ) -> str:
        """The composed settings as YAML (``job``), Hydra's own (``hydra``) or both (``all``)."""
        cfg = self.compose()
        job = resolved(cfg)  # raises for settings that cannot run, without --resolve too
        tree = job if resolve else plain(cfg)
        if kind != "job":
            node: Any = OmegaConf.to_container(cfg.hydra, resolve=False, enum_to_str=True)
            tree = {"hydra": node} if kind == "hydra" else {"hydra": node, **tree}
        return _text(_part(tree, package) if package else tree)

    def info(self, what: str) -> str:
        """Hydra's information on searchpath, defaults, defaults-tree, config, plugins or all."""
        from quantamm_cli.config.info import info

        self.tree()
        return info(self.loader, self.name, self.overrides, what)

    def experiments(self) -> list[str]:
        """The names that ``conf=`` accepts."""
        return self.loader.options("experiment")

    def experiment_texts(self) -> Iterator[tuple[str, str]]:
        """Their names and the text of their files."""
        for name in self.experiments():
            path = f"experiment/{name}"
            source = next(each for each in self.loader.get_sources() if each.is_config(path))
            yield name, Path(source.path, f"{path}.yaml").read_text(encoding="utf-8")


def resolved(cfg: DictConfig) -> JsonObject:
    """The tree with interpolations resolved. Raises ConfigError, as ``resolved_tree``."""
    return resolved_tree(plain(cfg))


def resolved_tree(tree: JsonObject) -> JsonObject:
    """A plain tree with interpolations resolved.

    Raises:
        ConfigError: a value that cannot be resolved, or depends on the machine where it must not.
    """
    varying = {place for place, text in _texts(tree) if _depends_on_machine(place, text)}
    if varying:
        _refuse_copies(tree, varying)
    return _resolve(tree)


def _depends_on_machine(place: str, text: str) -> bool:
    """Whether a text uses a resolver that reads the machine or the clock.

    Raises ConfigError outside of MACHINE.
    """
    resolvers = [name for name in _RESOLVER.findall(text) if name not in _HARMLESS]
    if resolvers and place not in MACHINE:
        raise ConfigError(
            place,
            f"${{{resolvers[0]}:...}} is allowed in {' and '.join(MACHINE)} only, as the run's "
            "name must not depend on the machine; write the value",
        )
    return bool(resolvers)


def _refuse_copies(tree: JsonObject, varying: set[str]) -> None:
    """Raise ConfigError if another setting takes its value from one that depends on the machine."""
    mark = "\x00machine\x00"
    copy = deepcopy(dict(tree))
    for place in varying:
        *path, last = place.split(".")
        key_validation.lookup(copy, path)[last] = mark
    for place, text in _texts(_resolve(copy)):
        if mark in text and place not in MACHINE:
            raise ConfigError(
                place,
                f"takes its value from {' or '.join(sorted(varying))}, which depends on the "
                "machine; write the value",
            )


def _resolve(tree: JsonObject) -> JsonObject:
    texts = [(place, text) for place, text in _texts(tree) if "${" in text or text == "???"]
    if not texts:
        return tree
    try:
        part = _concerned(tree, texts)
        return {**tree, **container(OmegaConf.create(part), resolve=True)}
    except MissingMandatoryValue as failure:
        raise ConfigError(str(failure.full_key or ""), "is not given (??? in the YAML)") from None
    except RecursionError:
        raise ConfigError("", "an interpolation ${...} refers to itself") from None
    except (OmegaConfBaseException, ValueError) as failure:
        place = str(getattr(failure, "full_key", None) or "")
        message = str(failure).splitlines()[0]
        key = re.search(r"Interpolation key '([^']*)'", str(failure))
        if key and isinstance(failure, InterpolationKeyError):
            message = f"${{{key[1]}}}: {key_validation.unknown(key[1], tree).message}"
        raise ConfigError(place, message) from None


def _concerned(tree: JsonObject, texts: Sequence[tuple[str, str]]) -> dict[str, Json]:
    """The branches of a tree that have interpolations, and those that they may refer to, as
    OmegaConf takes milliseconds for a whole tree. All of it if a reference is itself made of
    interpolations.
    """
    names = {place.partition(".")[0] for place, _ in texts}
    for _, text in texts:
        if _NESTED.search(text):
            return dict(tree)
        names.update(_WORD.findall(text))
    return {name: node for name, node in tree.items() if name in names}


def _texts(tree: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a tree with its dotted place; a list's items have the list's place."""
    if isinstance(tree, str):
        yield place, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _texts(value, f"{place}.{key}".removeprefix("."))
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value, place)


def _part(tree: JsonObject, package: str) -> Any:
    known = list(key_validation.places(tree))
    if package not in known:
        raise ConfigError(package, f"no such part of the settings{did_you_mean(package, known)}")
    return key_validation.lookup(tree, package.split("."))


def _text(tree: Any) -> str:
    if isinstance(tree, dict | list):
        return OmegaConf.to_yaml(OmegaConf.create(tree))
    return str(tree)


def own_conf() -> bool:
    """Whether there is a ./conf beside the packaged one."""
    return Path("conf").is_dir() and not Path("conf").samefile(packaged_conf())


def _search_path(config_dir: str | None) -> ConfigSearchPathImpl:
    """The folder that the command line names, ./conf, the packaged conf, those of installed
    plugins, between Hydra's own first and last entries.
    """
    folders: list[tuple[str, Path]] = []
    if config_dir is not None:
        if not Path(config_dir).is_dir():
            raise ArgumentError("config_dir", f"no folder {config_dir}")
        folders.append(("command-line", Path(config_dir)))
    if own_conf():
        folders.append(("./conf", Path("conf")))
    path = ConfigSearchPathImpl()
    path.append("hydra", "pkg://hydra.conf")
    for provider, folder in [*folders, ("main", packaged_conf())]:
        path.append(provider, f"file://{folder.resolve()}")
    for name, folder in plugin_folders():  # after ours: a package adds choices and changes none
        path.append(f"plugin {name}", f"file://{folder}")
    path.append("schema", "structured://")
    return path


def _conf(loader: Loader, override: str) -> list[str]:
    """``conf=NAME|FILE.yaml`` as Hydra's ``experiment=NAME``; other overrides unchanged."""
    key, equals, value = override.partition("=")
    if override in ("experiment=null", "experiment=None"):
        return []
    if key != "conf" or not equals:
        return [override]
    if not value:
        raise ConfigError(override, "conf= takes the name of an experiment or a file of settings")
    if value in ("null", "none"):
        raise ConfigError("conf", "leave it out")
    return ["experiment=" + ",".join(_experiment(loader, name) for name in value.split(","))]


def _experiment(loader: Loader, name: str) -> str:
    names = loader.options("experiment")
    if name in names:
        plain_name = re.fullmatch(r"[\w\-]+", name)
        return name if plain_name else f"'{name}'"
    if not name.endswith((".yaml", ".yml")) and not Path(name).is_file():
        files = list(map(str, sorted(Path().glob("*.yaml"))))
        raise ConfigError(
            f"conf={name}",
            "no experiment and no file is called "
            f"'{name}'{did_you_mean(name, names + files)}{_list(names)}",
        )
    path = Path(name).expanduser()
    if not path.is_file():
        near: list[str] = []
        for folder in {path.parent, Path()}:
            near += map(str, folder.glob("*.y*ml"))
        raise ConfigError(f"conf={name}", f"no such file{did_you_mean(name, near + names)}")
    return stored(path)


def stored(path: Path) -> str:
    """Register a settings file as an experiment, for this process and the workers it starts.

    Returns the name of the experiment.
    """
    tree = read_yaml(path)
    if path.suffix == ".json" and is_fingerprint(tree):
        raise ConfigError(
            f"conf={path}",
            "is a fingerprint of quantammsim; make a file of settings of it: "
            f"qsim config import {path} > mine.yaml",
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    name = f"_{re.sub(r'[^A-Za-z0-9]', '_', path.stem)}_{digest}"
    ConfigStore.instance().store(
        name, tree, group="experiment", package="_global_", provider=str(path)
    )
    return name


def _list(names: list[str]) -> str:
    if not names:
        return ""
    return f" (there are: {', '.join(names)})"
