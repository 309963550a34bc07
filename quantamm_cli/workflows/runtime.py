"""The configuration of JAX that every workflow needs."""

import os
import warnings

from quantamm_cli.workflows.compile_cache import LIMIT, programs


def start_jax() -> None:
    """Configure JAX, here only: double precision, and a compilation cache on disk.

    If ``JAX_COMPILATION_CACHE_DIR`` is set, it and JAX's other cache settings apply instead of
    ours, and every process traces its programs.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = programs(jax.__version__)
        jax.config.update("jax_compilation_cache_dir", None if folder is None else str(folder))
        # small programs too, so that a second process compiles nothing
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        # JAX locks the folder only if its size is bounded
        jax.config.update("jax_compilation_cache_max_size", LIMIT)
        from quantamm_cli.core.programs import store_programs

        store_programs(folder is not None)
    jax.config.update("jax_raise_persistent_cache_errors", False)
    warnings.filterwarnings(
        "ignore", message="Error .* persistent compilation cache entry", category=UserWarning
    )
