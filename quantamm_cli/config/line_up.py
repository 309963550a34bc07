"""Reads the strategies that compete: names of conf/strategy, classes of the user's files, and
the settings of either.
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
from quantamm_cli.config.user_files import module_of, reporting_user_errors
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.compete import NORMALISER, Entry
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.settings.suggestions import did_you_mean

POOL = "pool"
"""The strategy that wraps a pool of the simulator."""


def entries(items: object, changes: Json, loader: Loader) -> tuple[Entry, ...]:
    """The line-up of ``strategies``, changed by the settings of ``strategy.NAME``.

    Each item is the name of a strategy or pool (a strategy is preferred), FILE.py:Class, or a
    mapping with one of these as ``kind``, settings, and optionally a ``name``; from Python also a
    strategy, its class or a pool. A name that occurs again gets a number as suffix.

    Raises:
        ConfigError: items or settings that give no strategies.
    """
    if not isinstance(items, list) or not items:
        raise ConfigError(
            PLACE, f"{items!r} is not a list of strategies; write {PLACE}=[fixed_fee,vol_adaptive]"
        )
    if not isinstance(changes, dict):
        raise ConfigError(
            "strategy",
            f"{changes!r} are no settings; write strategy.NAME.SETTING=VALUE, and "
            f"{PLACE}=[...] to choose who competes",
        )
    requests = list(map(_request, items))
    known = [request.name for request in requests]
    for name, settings in changes.items():
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
    line_up: list[Entry] = []
    names: list[str] = []
    for request in requests:
        settings = _merged(changes.get(request.name, {}), request.settings)
        if request.strategy is None:
            entry = resolved(request.kind, settings, loader, request.name)
        else:
            entry = _python_entry(request.strategy, settings, request.name)
        names.append(_unique(request.name, names))
        line_up.append(Entry(**(dict(entry) | {"name": names[-1]})))
    return tuple(line_up)


def resolved(kind: str, settings: JsonObject, loader: Loader, name: str) -> Entry:
    """One strategy by its kind, with settings. Raises ConfigError."""
    named = not _split(kind)[1] and loader.repository.config_exists(f"strategy/{kind}")
    if not named and kind not in REGISTER["strategy"] and _is_pool(kind, loader):
        tree: JsonObject = {"kind": POOL, "pool": {"kind": kind}}
    else:
        tree = loader.tree_of(f"strategy/{kind}") if named else {"kind": kind}
    own = _merged({key: value for key, value in tree.items() if key != "kind"}, settings)
    kind = str(tree.get("kind", kind))
    if kind == POOL and "pool" in own:
        own = {**own, "pool": _pool(own["pool"], loader)}
    entry = entry_of(kind, own, name, loader)
    if any(isinstance(value, Component) for value in settings.values()):
        return _python_entry(Strategy.typed(entry.strategy), {}, name)
    return entry


def _is_pool(kind: str, loader: Loader) -> bool:
    return kind in REGISTER["pool"] or loader.repository.config_exists(f"pool/{kind}")


def _pool(value: Json, loader: Loader) -> Json:
    """The settings of a pool: those of its YAML, changed by ``value``, its name or a mapping."""
    tree = {"kind": value} if isinstance(value, str) else value
    if not isinstance(tree, Mapping) or not isinstance(tree.get("kind"), str):
        return value
    path = f"pool/{tree['kind']}"
    if not loader.repository.config_exists(path):
        return dict(tree)
    return _merged(branch(plain(loader.settings(path, [])), "pool"), tree)


def _merged(tree: JsonObject, settings: JsonObject) -> JsonObject:
    """A tree changed by settings, branch by branch; a component of another kind is replaced."""
    result = dict(tree)
    for key, value in settings.items():
        base = tree.get(key)
        if (
            isinstance(base, Mapping)
            and isinstance(value, Mapping)
            and value.get("kind", base.get("kind")) == base.get("kind")
        ):
            value = _merged(base, value)
        result[key] = value
    return result


def _python_entry(strategy: Strategy, settings: JsonObject, name: str) -> Entry:
    """An object of Python code. Raises ConfigError."""
    if settings:
        raise ConfigError(
            f"strategy.{name}",
            f"{name} is an object with settings of its own; set them there: {name}(...)",
        )
    _complete(type(strategy), type(strategy).__module__)
    code = code_of_all(strategy)
    if code is None:
        return Entry(name=name, strategy=strategy)
    return Entry(name=name, strategy=strategy, source=code.sha256, file=code.file)


def entry_of(kind: str, settings: JsonObject, name: str, loader: Loader | None = None) -> Entry:
    """A strategy by its class: a registered kind, or FILE.py:Class. Raises ConfigError."""
    path, is_file, wanted = _split(kind)
    if is_file:
        data = _read(path)
        with reporting_user_errors([str(path.resolve())]):
            module = module_of(path.resolve(), data, "strategy")
        own = _class(module, wanted, path)
        strategy: Component = decode(own, settings, f"strategy.{name}")
        return Entry(
            name=name, strategy=strategy, source=hashlib.sha256(data).hexdigest(), file=str(path)
        )
    cls = REGISTER["strategy"].get(kind)
    if cls is None:
        known = _known("strategy", loader)
        hint = did_you_mean(kind, sorted({*known, *_known("pool", loader)}))
        raise ConfigError(
            PLACE,
            f"no strategy or pool is called '{kind}'{hint} (there are: {', '.join(known)}; "
            "any pool with quotes; of your own: FILE.py:Class)",
        )
    return Entry(name=name, strategy=decode(cls, settings, f"strategy.{name}"))


def _known(group: str, loader: Loader | None) -> list[str]:
    """The names of a group: registered kinds and files of YAML."""
    return sorted({*REGISTER[group], *(loader.options(group) if loader else ())})


@dataclass(frozen=True)
class _Request:
    """An item of the list of strategies; ``strategy`` if it came from Python."""

    name: str
    kind: str
    settings: JsonObject
    strategy: Strategy | None = None


def _request(item: object) -> _Request:
    if isinstance(item, AbstractPool):
        pooled = decode(REGISTER["strategy"][POOL], {"pool": item}, f"strategy.{item.kind}")
        return _Request(item.kind, POOL, {}, Strategy.typed(pooled))
    if inspect.isclass(item) and issubclass(item, Strategy):
        item = decode(item, {}, f"strategy.{item.__name__}")
    if isinstance(item, Strategy):
        kind = getattr(type(item), "kind", type(item).__name__)
        return _Request(kind, kind, {}, item)
    tree = {"kind": item} if isinstance(item, str) else item
    if not isinstance(tree, dict) or not isinstance(tree.get("kind"), str):
        raise ConfigError(
            PLACE,
            f"{item!r} is neither a name, nor FILE.py:Class, nor {{kind: NAME, SETTING: VALUE}}",
        )
    path, is_file, wanted = _split(tree["kind"])
    usual = wanted or path.stem if is_file else tree["kind"]
    name = tree.get("name", usual)
    legal = isinstance(name, str) and 1 <= len(name) <= 60 and name.isprintable()
    if not legal or name == NORMALISER:
        raise ConfigError(PLACE, f"{name!r} cannot be the name of a strategy")
    settings = {**tree}
    settings.pop("name", None)
    return _Request(str(name), settings.pop("kind"), settings)


def _unique(name: str, taken: Sequence[str]) -> str:
    """The name, with a number as suffix if it is taken."""
    unique, count = name, 2
    while unique in taken:
        unique, count = f"{name}_{count}", count + 1
    return unique


def _split(kind: str) -> tuple[Path, bool, str]:
    """The path, whether it is that of a file, and the class in it."""
    path, colon, wanted = kind.rpartition(":") if ".py:" in kind else (kind, "", "")
    return Path(path).expanduser(), bool(colon) or kind.endswith(".py"), wanted


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        near = list(map(str, path.parent.glob("*.py")))
        raise ConfigError(
            PLACE, f"{path} cannot be read ({failure.strerror}){did_you_mean(str(path), near)}"
        ) from None


def _class(module: ModuleType, wanted: str, path: Path) -> type[Strategy]:
    """The strategy of that name in a file, or the only one."""
    classes = {
        name: cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and issubclass(cls, Strategy) and cls.__module__ == module.__name__
    }
    if not wanted and len(classes) == 1:
        wanted = next(iter(classes))
    if wanted not in classes:
        message = f"no class {wanted} is a Strategy" if wanted else "no class is a Strategy"
        advice = "; derive one: from quantamm_cli.competition.strategy import Strategy"
        if classes:
            message = message if wanted else "it has several strategies; write FILE.py:Class"
            advice = f"{did_you_mean(wanted, classes)} (there are: {', '.join(classes)})"
        raise ConfigError(PLACE, f"{path}: {message}{advice}")
    return _complete(classes[wanted], str(path))


def _complete(cls: type[Strategy], where: str) -> type[Strategy]:
    """The class, if it can compete; its kind is its name if it has none. Raises ConfigError."""
    if cls.fees is Strategy.fees and cls.quote is Strategy.quote:
        raise ConfigError(
            PLACE,
            f"{where}: {cls.__name__} defines neither fees nor quote; see `qsim show strategies`",
        )
    if "kind" not in vars(cls):
        cls.kind = cls.__name__
    return cls
