"""What all tests share: double precision, types checked at run time,
compiled programs kept between runs, prices.
"""

import contextlib
import ctypes
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import user_plugins
from compiling import QUICKLY
from numpy.typing import NDArray
from quick import no_processes, pytest_collection_modifyitems  # noqa: F401 - of --quick and --versions
from skips import pytest_terminal_summary  # noqa: F401 - a hook: the run ends with its skips, by reason

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / ".pytest_cache" / "shared_programs"
os.environ.setdefault("XLA_FLAGS", QUICKLY)
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(PROGRAMS))
os.environ.setdefault(
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0"
)  # of processes: many compile the same
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")
os.environ.setdefault("QSIM_CACHE", str(ROOT / ".pytest_cache" / "qsim"))

import jax  # noqa: E402 - reads the environment when imported
from jaxtyping import install_import_hook  # noqa: E402

from quantamm_cli.settings.cache import prune  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.01)
jax.config.update("jax_raise_persistent_cache_errors", False)
install_import_hook(
    [
        f"quantamm_cli.{room}"
        for room in ("core", "rules", "pools", "metrics", "engine", "training")
    ],
    "checked.checked",
)


@pytest.fixture(autouse=True, scope="module")
def forgotten() -> Iterator[None]:
    """Programs are let go once a worker has two gigabytes; until then modules share them."""
    yield
    if _resident() > 2 * 2**30:
        jax.clear_caches()
        gc.collect()
        _give_back()


def _give_back() -> None:
    """Return freed memory to the system; glibc keeps it otherwise."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _resident() -> int:
    """Bytes of memory this process holds, where the system tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def pytest_configure(config: pytest.Config) -> None:
    """Of programs kept by earlier runs the newest two gigabytes stay.

    JAX would bound the folder, but look at all of it for each program.
    """
    if not hasattr(config, "workerinput"):
        prune(PROGRAMS, "*-cache", most_bytes=2 * 2**30)
    config.pluginmanager.register(user_plugins)


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay to the end:
    the collector need not look at them each time.
    """
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plugins",
        dest=user_plugins.OPTION,  # pytest's own -p is plugins
        action="append",
        default=[],
        metavar="FILE",
        help="a user's Python file: only the laws of the components that it declares",
    )
    parser.addoption(
        "--executor",
        default="auto",
        choices=["auto", "compiled", "scan"],
        help="what programs are traced for",
    )
    parser.addoption(
        "--quick", action="store_true", help="one case of each test, and none that starts a process"
    )
    parser.addoption(
        "--versions", action="store_true", help="what another version of Python or JAX may change"
    )


@pytest.fixture(autouse=True)
def chosen(request: pytest.FixtureRequest) -> Iterator[None]:
    """Programs are traced for the executor of the command line."""
    from quantamm_cli.core.executor import executor

    with executor(request.config.getoption("--executor")):
        yield


@pytest.fixture(params=["compiled", "scan"])
def each_executor(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs once for each."""
    from quantamm_cli.core.executor import executor

    with executor(request.param):
        yield request.param


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real prices, where they are: beside the project."""
    return ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def prices() -> NDArray[np.float64]:
    """Ten days of minutes of three assets that move like a market and cost very different sums.

    Read-only.
    """
    random = np.random.Generator(np.random.PCG64(20240229))
    steps = random.standard_normal((10 * 1440, 3)) @ np.array(
        [[9e-4, 5e-4, 1e-5], [0, 8e-4, 0], [0, 0, 5e-5]]
    )
    steps[0] = 0
    path = np.exp(np.cumsum(steps, axis=0)) * np.array([40_000.0, 2_000.0, 1.0])
    path.flags.writeable = False
    return path
