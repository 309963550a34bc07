"""What every command does first: components, JAX, typed settings, the market."""

import gc
import hashlib
import importlib
import importlib.util
import os
import platform
import subprocess
import warnings
from functools import cache
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quantamm_cli import __version__
from quantamm_cli.cli.given import check_given
from quantamm_cli.cli.programs import LIMIT, programs
from quantamm_cli.cli.signals import uninterrupted
from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.settings.component import REGISTER, hint
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.types import minute

if TYPE_CHECKING:
    from quantamm_cli.market import Market

S = TypeVar("S", bound=Simulate)

_HOMES = ("settings.fees", "settings.run", "market", "metrics", "rules", "pools", "training")
_LOADED: set[tuple[Path, int]] = set()


def load_components(plugins: tuple[str, ...] = ()) -> None:
    """Import everything that registers itself: our own components, installed entry points, and files the user names.

    Raises:
        ConfigError: a plugin that cannot be read or fails.
    """
    _load_own()
    for point in entry_points(group="qsim"):
        point.load()
    for name in plugins:
        _load_file(name)


@cache
def _load_own() -> None:
    """Our own components, and with them JAX. Modules stay: that the collector passes them over saves a tenth of a start."""
    gc.disable()
    try:
        with uninterrupted():
            for home in _HOMES:
                importlib.import_module(f"quantamm_cli.{home}")
    finally:
        gc.enable()
    gc.freeze()


def _load_file(name: str) -> None:
    path = Path(name).expanduser().resolve()
    if not path.is_file():
        raise ConfigError("plugins", f"there is no file {name}")
    version_read = (path, path.stat().st_mtime_ns)
    if version_read in _LOADED:  # its classes are static to compiled programs: made again, each trial of a study would compile
        return
    spec = importlib.util.spec_from_file_location(f"qsim_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError("plugins", f"{name} is not a Python file")
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except Exception as failure:  # whatever a stranger's file raises is about that file
        raise ConfigError("plugins", f"{name} failed: {type(failure).__name__}: {failure}") from failure
    _LOADED.add(version_read)


def start_jax() -> None:
    """The one place where JAX is configured: double precision, and compiled programs kept between processes.

    ``JAX_COMPILATION_CACHE_DIR`` comes before our folder, and then JAX's other settings of the cache hold too.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = programs(jax.__version__)
        jax.config.update("jax_compilation_cache_dir", None if folder is None else str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)  # small programs too: a second process compiles nothing
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        jax.config.update("jax_compilation_cache_max_size", LIMIT)  # JAX locks the folder only if it is bounded
    jax.config.update("jax_raise_persistent_cache_errors", False)
    warnings.filterwarnings("ignore", message="Error .* persistent compilation cache entry", category=UserWarning)


def read_settings(cls: type[S], tree: dict[str, Any]) -> S:
    """Typed settings of a composed tree. ``simulate`` takes what it knows of a training configuration and leaves the rest.

    Raises:
        ConfigError: one line for the first thing wrong.
    """
    plugins = tree.get("plugins") or []
    if not isinstance(plugins, list) or not all(isinstance(name, str) for name in plugins):
        raise ConfigError("plugins", f"{plugins!r} is not a list of files")
    load_components(tuple(plugins))
    foreign = {"study", "space", "grid"} | (set(Train.model_fields) - set(cls.model_fields))
    settings = decode(cls, {key: value for key, value in tree.items() if key not in foreign})
    if isinstance(settings, Train):
        _check_metric(settings.split.selection_metric)
    check_given(settings)
    return settings


def _check_metric(name: str | None) -> None:
    known = REGISTER["metric"]
    if name is not None and name not in known:
        raise ConfigError("split.selection_metric", f"no metric is called '{name}'{hint(name, known)}; `qsim show metrics` lists them")


def load_market(settings: Simulate, until: str) -> "Market":
    """The prices of [start, until) and the burn-in before them, with the series and trades that are given."""
    from quantamm_cli.market import Source, load
    from quantamm_cli.pools.base import AbstractPool

    source, pool = settings.data, settings.pool
    assert isinstance(source, Source)
    assert isinstance(pool, AbstractPool)
    return load(source, settings.tokens, minute(settings.start), minute(until), pool.looks_at, settings.trades.file)


def describe_market(market: "Market") -> list[str]:
    """What was loaded, in a few words: burn-in, what had to be carried over gaps, what is given besides."""
    lines = [
        f"{len(market.prices) - market.burn_in:,} minutes of {', '.join(market.tokens)} after {market.burn_in // 1440} days of burn-in"
    ]
    gaps = [f"{token} {count:,} (longest {market.longest_gap[token]:,})" for token, count in market.carried.items() if count]
    if gaps:
        lines.append(f"missing minutes carried forward: {', '.join(gaps)}")
    if market.series:
        lines.append(f"series: {', '.join(market.series)}")
    if market.trades is not None:
        lines.append(f"given trades: {(market.trades.pay >= 0).sum():,}")
    return lines


def supplied_market(settings: Train, burn_in: int, folder: str) -> "Market":
    """The prices of the training rows, and of ``burn_in`` minutes before them, as the files of another folder have them."""
    from quantamm_cli.market import Source, load

    source, start = settings.data, minute(settings.start)
    assert isinstance(source, Source)
    if "dir" not in source.paths:
        raise ConfigError("practice", f"supplied reads files, and data={source.kind} has none; use data=parquet or data=csv")
    return load(source.replace(dir=folder, burn_in_days=burn_in // 1440), settings.tokens, start, start + settings.train_rows)


def data_digest(settings: Simulate, market: "Market") -> str:
    """SHA-256 of all data a run reads: what the market holds, the fee series if there is one, and supplied paths."""
    parts = [market.sha256.encode()]
    if settings.fees.file is not None:
        try:
            parts.append(Path(settings.fees.file).expanduser().read_bytes())
        except OSError as failure:
            raise DataError("fees.file", f"{settings.fees.file} cannot be read ({failure.strerror})") from None
    if isinstance(settings, Train):
        parts += [supplied_market(settings, market.burn_in, folder).sha256.encode() for folder in settings.practice.folders]  # type: ignore[attr-defined]
    return market.sha256 if len(parts) == 1 else hashlib.sha256(b"".join(parts)).hexdigest()


def provenance(settings: Simulate, market: "Market") -> dict[str, Any]:
    """What made a run, besides its settings. None of it names the run."""
    import jax

    return {
        "qsim": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("jax", "jaxlib", "numpy", "optax")},
        "device": jax.devices()[0].device_kind,
        "machine": f"{platform.system()} {platform.machine()}",
        "git": _commit(),
        "places": places(settings),
        "burn_in_days": market.burn_in / 1440,
        "carried": market.carried,
    }


def places(settings: Simulate) -> dict[str, Any]:
    """Where the data were, by dotted setting: what the settings say and the fingerprint leaves out."""
    found: dict[str, Any] = {}
    for name in ("data", "fees", "trades", "practice"):
        part = getattr(settings, name, None)
        if part is None:  # only training practises
            continue
        for field in sorted(part.paths):
            value = getattr(part, field)
            if isinstance(value, dict):
                found |= {f"{name}.{field}.{key}": path for key, path in value.items()}
            elif value is not None:
                found[f"{name}.{field}"] = list(value) if isinstance(value, tuple) else value
    return found


def _commit() -> str | None:
    """The commit of the source tree, if it is one."""
    home = Path(__file__).resolve().parents[2]
    if not (home / ".git").exists():
        return None
    command = ["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
