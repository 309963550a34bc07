"""What computes a result besides its settings and its data: this package's source, its libraries,
Python, the processor, and variables of the environment that change programs.
"""

import contextlib
import hashlib
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

from quantamm_cli.settings.source_digest import source_digest
from quantamm_cli.version import __version__

_LIBRARIES = ("jax", "jaxlib", "numpy", "optax", "polars", "numba", "llvmlite", "pydantic")
_VARIABLES = ("JAX_", "XLA_", "NUMBA_")
"""How the names of variables begin that change programs or numbers."""
_PLACE = "JAX_COMPILATION_CACHE_DIR"
"""A variable that does not."""
_ACCELERATORS = ("nvidia[0-9]*", "kfd", "accel*", "dri")


@cache
def computed_by() -> str:
    """64 hex digits: where they are equal, equal settings and data give equal numbers."""
    from importlib.metadata import PackageNotFoundError, version

    parts = [source(), sys.version, processor(), *map(str, sorted(_accelerators()))]
    for name in _LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            parts.append(f"{name} {version(name)}")
    parts += [f"{name}={value}" for name, value in variables().items()]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def versions() -> dict[str, str]:
    """The versions of what computes trials of a study: of this package with a digest of its source,
    of JAX and of Optuna.
    """
    from importlib.metadata import version

    return {
        "qsim": f"{__version__} ({source()[:12]})",
        "jax": version("jax"),
        "optuna": version("optuna"),
    }


def variables() -> dict[str, str]:
    """The variables of the environment that change programs or numbers, in order of names."""
    names = (name for name in sorted(os.environ) if name.startswith(_VARIABLES))
    return {name: os.environ[name] for name in names if name != _PLACE}


@cache
def source() -> str:
    """64 hex digits of all Python files of this package."""
    root = Path(__file__).resolve().parents[1]
    return source_digest(root, root.rglob("*.py"))


@cache
def processor() -> str:
    """A short digest of the processor's model or features."""
    text = platform.machine()
    if platform.system() == "Darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            text += subprocess.run(
                command, capture_output=True, text=True, timeout=5, check=True
            ).stdout
    else:
        text += _features()
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def processor_name() -> str:
    """The model of the processor, and the digest of what it can do."""
    name = platform.processor() or platform.machine()
    with (
        contextlib.suppress(OSError),
        open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines,
    ):
        models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        name = next(models, name)
    return f"{name} ({processor()})"


def _features() -> str:
    """The feature flags of the first processor, from Linux's /proc/cpuinfo."""
    with (
        contextlib.suppress(OSError),
        open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines,
    ):
        for line in lines:
            name, _, flags = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return " ".join(sorted(flags.split()))
    return platform.processor()


def _accelerators() -> list[str]:
    """The devices besides the processor, of which JAX may choose one."""
    return [path.name for pattern in _ACCELERATORS for path in Path("/dev").glob(pattern)]
