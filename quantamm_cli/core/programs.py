"""Compiled programs on disk, which are found without tracing the functions they come from.

JAX's own cache on disk saves compiling, but to look there it traces and lowers, which takes most of
a short command. A ``Program`` is looked up by what its trace depends on: the function, its static
arguments, the types of the others, what computes it (``settings.computed_by``, this package's whole
source included), and JAX's settings. Anything that cannot be spelled out in such a key, such as a
component of others, is traced as ever.
"""

import hashlib
import inspect
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Generic, TypeVar

import jax
import numpy as np
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache

from quantamm_cli.core import executor
from quantamm_cli.core.spelling import UnspellableError, own, spelled
from quantamm_cli.kernels import jax_ops
from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.computed_by import computed_by

R = TypeVar("R")
_FILES = Cache("traced", "*.program", most_bytes=128 * 2**20)
_PLACES = ("dir", "cache", "log", "dump", "profil", "traceback")
"""Parts of the names of JAX's settings that change no program."""
_stores = False


def store_programs(on: bool) -> None:
    """Whether programs are looked for and stored on disk; they are not unless this is called."""
    global _stores
    _stores = on


def program(*static: str, quick: bool = False) -> Callable[[Callable[..., R]], "Program[R]"]:
    """A decorator that compiles a function, as ``jax.jit`` does.

    ``static``: arguments that are no arrays but part of the program. ``quick``: compile with little
    optimisation what runs a few times only.
    """
    return lambda function: Program(function, static, quick)


class Program(Generic[R]):
    """A compiled function of this package. Positional arguments only."""

    def __init__(self, function: Callable[..., R], static: tuple[str, ...], quick: bool) -> None:
        names = list(inspect.signature(function).parameters)
        options = {"xla_backend_optimization_level": 0} if quick else None
        self._storable = own(function.__module__)
        self._static = frozenset(map(names.index, static))
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._traced: Any = jax.jit(function, static_argnames=static, compiler_options=options)
        self._known: dict[Any, Any] = {}
        self.__doc__, self.__wrapped__ = function.__doc__, function

    def __call__(self, *args: Any, **kwargs: Any) -> R:
        result: R = self._called(*args, **kwargs)
        return result

    def _called(self, *args: Any, **kwargs: Any) -> Any:
        if not _stores or kwargs:
            return self._traced(*args, **kwargs)
        static = tuple(args[index] for index in sorted(self._static))
        values = tuple(each for index, each in enumerate(args) if index not in self._static)
        leaves, tree = jax.tree.flatten((values, {}))
        types = tuple(map(_type, leaves))
        if None in types:
            return self._traced(*args)
        key = (static, tree, types, executor.chosen(), jax_ops.double_precision())
        if key not in self._known:
            self._known[key] = self._looked_up(args, static, tree, types)
        compiled = self._known[key]
        return self._traced(*args) if compiled is None else compiled(*values)

    def _looked_up(self, args: Any, static: Any, tree: Any, types: tuple[Any, ...]) -> Any:
        """The program: read from its file, else compiled and stored; ``None`` if it cannot be."""
        if not self._storable or jax.default_backend() != "cpu" or not _only_ours():
            return None
        try:
            spelling = (self._name, spelled(static), spelled(tree), repr(types), _settings())
        except UnspellableError:
            return None
        entry = f"{hashlib.sha256(repr((*spelling, computed_by())).encode()).hexdigest()}.program"
        stored = _FILES.get(entry, lambda file: _read(file, tree))
        if stored is not None:
            return stored
        with _without_jax_cache():
            compiled = self._traced.lower(*args).compile()
        if not executor.fell_back():
            _store(entry, compiled)
        return compiled


def _type(leaf: Any) -> tuple[Any, ...] | None:
    """What a trace depends on of an argument; ``None`` for one that is traced itself, or on
    several devices.
    """
    if isinstance(leaf, jax.Array):
        if isinstance(leaf, jax.core.Tracer) or len(leaf.sharding.device_set) > 1:
            return None
        return leaf.shape, str(leaf.dtype), leaf.aval.weak_type
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf.shape, str(leaf.dtype), False
    return (type(leaf).__name__,) if isinstance(leaf, bool | int | float) else None


def _settings() -> str:
    """JAX's settings, as far as they may change a program."""
    values = sorted(jax.config.values.items())
    chosen = [each for each in values if not any(part in each[0] for part in _PLACES)]
    return repr((chosen, executor.chosen()))


def _only_ours() -> bool:
    """Whether all registered components are this package's: of others the source is unknown."""
    return all(own(kind.__module__) for kinds in REGISTER.values() for kind in kinds.values())


@contextmanager
def _without_jax_cache() -> Iterator[None]:
    """Compiles anew what is compiled meanwhile: JAX 0.10 to 0.12 write a program that was itself
    read from a file without the code of its functions.
    """
    before = jax.config.values["jax_enable_compilation_cache"]
    jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()
    try:
        yield
    finally:
        jax.config.update("jax_enable_compilation_cache", before)
        compilation_cache.reset_cache()


def _store(entry: str, compiled: Any) -> None:
    """Store a program, unless it or its results cannot be written."""
    try:
        code, _, tree = serialize_executable.serialize(compiled)
        spelled(tree)
        skeleton = jax.tree.unflatten(tree, range(tree.num_leaves))
        content = pickle.dumps((code, skeleton, jax_ops.registered()))
    except Exception:  # what cannot be stored is compiled again
        return
    checksum = hashlib.sha256(content).digest()
    _FILES.keep(entry, lambda file: file.write(checksum + content))


def _read(file: BinaryIO, arguments: Any) -> Any:
    """The program in a file; ``None`` if its checksum is wrong."""
    content = file.read()
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        return None
    code, skeleton, families = pickle.loads(content[32:])
    jax_ops.register(families)
    results = jax.tree.structure(skeleton)
    devices = jax.devices()[:1]
    return serialize_executable.deserialize_and_load(
        code, arguments, results, execution_devices=devices
    )
