"""What all tests share: double precision, types checked at run time, compiled programs kept between runs, prices."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".pytest_cache" / "programs"))

import jax  # noqa: E402 - reads the environment when imported
from jaxtyping import install_import_hook  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
jax.config.update("jax_raise_persistent_cache_errors", False)
install_import_hook([f"quantamm_cli.{room}" for room in ("core", "rules", "pools", "metrics", "engine", "training")], "checked.checked")


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
    """Ten days of minutes of three assets that move like a market and cost very different sums. Read-only."""
    random = np.random.Generator(np.random.PCG64(20240229))
    steps = random.standard_normal((10 * 1440, 3)) @ np.array([[9e-4, 5e-4, 1e-5], [0, 8e-4, 0], [0, 0, 5e-5]])
    steps[0] = 0
    path = np.exp(np.cumsum(steps, axis=0)) * np.array([40_000.0, 2_000.0, 1.0])
    path.flags.writeable = False
    return path
