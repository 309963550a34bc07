"""JAX as every workflow needs it."""

import os
import warnings

from quantamm_cli.workflows.compile_cache import LIMIT, programs


def start_jax() -> None:
    """The one place where JAX is configured: double precision,
    and compiled programs kept between processes.

    ``JAX_COMPILATION_CACHE_DIR`` comes before our folder, and then JAX's other
    settings of the cache hold too.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = programs(jax.__version__)
        jax.config.update("jax_compilation_cache_dir", None if folder is None else str(folder))
        jax.config.update(
            "jax_persistent_cache_min_compile_time_secs", 0.0
        )  # small programs too: a second process compiles nothing
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        jax.config.update(
            "jax_compilation_cache_max_size", LIMIT
        )  # JAX locks the folder only if it is bounded
    jax.config.update("jax_raise_persistent_cache_errors", False)
    warnings.filterwarnings(
        "ignore", message="Error .* persistent compilation cache entry", category=UserWarning
    )
