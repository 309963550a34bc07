"""The strategies of a command line: names of conf/strategy, classes of the user's own
files, settings for either.
"""

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from quantamm_cli.competition.code import code_of_all
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.config.loader import Loader, plain
from quantamm_cli.config.user_files import STRATEGIES as PLACE
from quantamm_cli.config.user_files import blamed, module_of
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.compete import NORMALISER, Entry
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.settings.suggestions import did_you_mean

POOL = "pool"
"""The strategy that is any pool of the simulator."""


def entries(given: object, own: Json, loader: Loader) -> tuple[Entry, ...]:
    """The line-up of ``strategies`` with the settings of ``strategy.NAME`` on top.

    Each is a name, of a strategy or of a pool that no strategy is called, FILE.py:Class, or a
    mapping with one of these as ``kind``, settings, and perhaps a ``name``; from Python also a
    strategy, its class or a pool. Who would have the name of another gets a number behind it.
    """
    if not isinstance(given, list) or not given:
        raise ConfigError(
            PLACE, f"{given!r} is not a list of strategies; write {PLACE}=[fixed_fee,vol_adaptive]"
        )
    if not isinstance(own, dict):
        raise ConfigError(
            "strategy",
            f"{own!r} are no settings; write strategy.NAME.SETTING=VALUE, and "
            f"{PLACE}=[...] for who competes",
        )
    asked = [_asked(item) for item in given]
    known = [one.name for one in asked]
    for name, settings in own.items():
        if name not in known:
            raise ConfigError(
                f"strategy.{name}",
                f"'{name}' does not compete{did_you_mean(name, known)} (there are: "
                f"{', '.join(known)})",
            )
        if not isinstance(settings, dict):
            raise ConfigError(
                f"strategy.{name}",
                f"'{settings}' are no settings; write strategy.{name}.SETTING={settings}",
            )
    taken: list[str] = []
    found = []
    for one in asked:
        settings = _over(own.get(one.name, {}), one.settings)
        entry = (
            resolved(one.kind, settings, loader, one.name)
            if one.strategy is None
            else _given(one.strategy, settings, one.name)
        )
        taken.append(_unlike(one.name, taken))
        found.append(Entry(**(dict(entry) | {"name": taken[-1]})))
    return tuple(found)


def resolved(kind: str, settings: JsonObject, loader: Loader, name: str) -> Entry:
    """One strategy by what it is called, with settings. Raises ConfigError."""
    named = not _split(kind)[1] and loader.repository.config_exists(f"strategy/{kind}")
    if not named and kind not in REGISTER["strategy"] and _is_pool(kind, loader):
        tree: JsonObject = {"kind": POOL, "pool": {"kind": kind}}
    else:
        tree = loader.tree_of(f"strategy/{kind}") if named else {"kind": kind}
    own = _over({key: value for key, value in tree.items() if key != "kind"}, settings)
    kind = str(tree.get("kind", kind))
    if kind == POOL and "pool" in own:
        own = {**own, "pool": _pool(own["pool"], loader)}
    entry = entry_of(kind, own, name, loader)
    of_python = any(isinstance(value, Component) for value in settings.values())
    return _given(Strategy.typed(entry.strategy), {}, name) if of_python else entry


def _is_pool(kind: str, loader: Loader) -> bool:
    return kind in REGISTER["pool"] or loader.repository.config_exists(f"pool/{kind}")


def _pool(value: Json, loader: Loader) -> Json:
    """A pool's settings, of its name or of some with its kind, on top of those of its YAML."""
    tree = {"kind": value} if isinstance(value, str) else value
    kind = tree.get("kind") if isinstance(tree, Mapping) else None
    if not isinstance(tree, Mapping) or not isinstance(kind, str):
        return value
    if not loader.repository.config_exists(f"pool/{kind}"):
        return dict(tree)
    return _over(branch(plain(loader.settings(f"pool/{kind}", [])), "pool"), tree)


def _over(tree: JsonObject, settings: JsonObject) -> JsonObject:
    """A tree with settings on top of it; of a component within,
    those of another kind stand alone.
    """
    found = dict(tree)
    for key, value in settings.items():
        there = tree.get(key)
        if (
            isinstance(there, Mapping)
            and isinstance(value, Mapping)
            and value.get("kind", there.get("kind")) == there.get("kind")
        ):
            value = _over(there, value)
        found[key] = value
    return found


def _given(strategy: Strategy, settings: JsonObject, name: str) -> Entry:
    """An object of Python code. Raises ConfigError."""
    if settings:
        raise ConfigError(
            f"strategy.{name}",
            f"{name} is an object with settings of its own; give them to it: {name}(...)",
        )
    _complete(type(strategy), type(strategy).__module__)
    code = code_of_all(strategy)
    return (
        Entry(name=name, strategy=strategy)
        if code is None
        else Entry(name=name, strategy=strategy, source=code.sha256, file=code.file)
    )


def entry_of(kind: str, settings: JsonObject, name: str, loader: Loader | None = None) -> Entry:
    """A strategy by its class: a registered kind, or FILE.py:Class. Raises ConfigError."""
    path, is_file, wanted = _split(kind)
    if is_file:
        data = _read(path)
        with blamed([str(path.resolve())]):
            module = module_of(path.resolve(), data, "strategy")
        own = _class(module, wanted, path)
        strategy: Component = decode(own, settings, f"strategy.{name}")
        return Entry(
            name=name, strategy=strategy, source=hashlib.sha256(data).hexdigest(), file=str(path)
        )
    cls = REGISTER["strategy"].get(kind)
    if cls is None:
        known = sorted({*(loader.options("strategy") if loader else ()), *REGISTER["strategy"]})
        cure = (
            f"{did_you_mean(kind, known)} (there are: {', '.join(known)}; of "
            "your own: FILE.py:Class)"
        )
        raise ConfigError(PLACE, f"no strategy is called '{kind}'{cure}")
    return Entry(name=name, strategy=decode(cls, settings, f"strategy.{name}"))


@dataclass(frozen=True)
class _Asked:
    name: str
    kind: str
    settings: JsonObject
    strategy: Strategy | None = None


def _asked(item: object) -> _Asked:
    """One item of the list."""
    if isinstance(item, AbstractPool):
        pooled = decode(REGISTER["strategy"][POOL], {"pool": item}, f"strategy.{item.kind}")
        return _Asked(item.kind, POOL, {}, Strategy.typed(pooled))
    if isinstance(item, Strategy) or (inspect.isclass(item) and issubclass(item, Strategy)):
        strategy = (
            item if isinstance(item, Strategy) else decode(item, {}, f"strategy.{item.__name__}")
        )
        kind = getattr(type(strategy), "kind", type(strategy).__name__)
        return _Asked(kind, kind, {}, strategy)
    tree = {"kind": item} if isinstance(item, str) else item
    if not isinstance(tree, dict) or not isinstance(tree.get("kind"), str):
        raise ConfigError(
            PLACE,
            f"{item!r} is neither a name, nor FILE.py:Class, nor {{kind: NAME, SETTING: VALUE}}",
        )
    path, is_file, wanted = _split(tree["kind"])
    name = tree.get("name", (wanted or path.stem) if is_file else tree["kind"])
    if (
        not isinstance(name, str)
        or not name
        or name == NORMALISER
        or len(name) > 60
        or not name.isprintable()
    ):
        raise ConfigError(PLACE, f"{name!r} cannot be the name of a strategy")
    return _Asked(
        name,
        tree["kind"],
        {key: value for key, value in tree.items() if key not in ("kind", "name")},
    )


def _unlike(name: str, taken: Sequence[str]) -> str:
    """The name, or with a number behind it if it is taken."""
    return next(
        other
        for other in (name, *(f"{name}_{count}" for count in range(2, 100)))
        if other not in taken
    )


def _split(kind: str) -> tuple[Path, bool, str]:
    """File, whether it is one, and the class in it."""
    path, colon, wanted = kind.rpartition(":") if ".py:" in kind else (kind, "", "")
    return Path(path).expanduser(), bool(colon) or kind.endswith(".py"), wanted


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        near = [str(other) for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise ConfigError(
            PLACE, f"{path} cannot be read ({failure.strerror}){did_you_mean(str(path), near)}"
        ) from None


def _class(module: ModuleType, wanted: str, path: Path) -> type[Strategy]:
    """The strategy of that name in a file, or its only one."""
    there = {
        name: cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and issubclass(cls, Strategy) and cls.__module__ == module.__name__
    }
    if not wanted and len(there) == 1:
        wanted = next(iter(there))
    if wanted not in there:
        said = (
            f"no class {wanted} is a Strategy"
            if wanted
            else "which one?"
            if there
            else "no class is a Strategy"
        )
        cure = (
            f" (there are: {', '.join(there)})"
            if there
            else "; derive one: from quantamm_cli.competition.strategy import Strategy"
        )
        raise ConfigError(PLACE, f"{path}: {said}{did_you_mean(wanted, there)}{cure}")
    return _complete(there[wanted], str(path))


def _complete(cls: type[Strategy], where: str) -> type[Strategy]:
    """A class that can compete, under its own name unless it has another. Raises ConfigError."""
    if cls.fees is Strategy.fees and cls.quote is Strategy.quote:
        raise ConfigError(
            PLACE,
            f"{where}: {cls.__name__} gives neither fees nor quote; see `qsim show strategies`",
        )
    if "kind" not in vars(cls):
        cls.kind = cls.__name__
    return cls
