"""How programs of tests are compiled: quickly, as most run once and on little; or as users' are,
where it is the last digits or the time to compile that is tested.

Quickly is without fused multiply-adds and, with a jaxlib that has them, with XLA's plain emitters:
a third of the time. Other flags, or none (``XLA_FLAGS=``), come first.
"""

from jaxlib import version

PLAIN_EMITTERS = version.__version_info__ < (0, 12)
"""jaxlib 0.12 has none, and ends a process that names their flag."""
QUICKLY = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    " --xla_cpu_parallel_codegen_split_count=1"
    + " --xla_cpu_use_fusion_emitters=false"
    * PLAIN_EMITTERS
)
FOR_USERS = {
    "xla_backend_optimization_level": 3,
    "xla_llvm_disable_expensive_passes": False,
    "xla_cpu_parallel_codegen_split_count": 32,
} | ({"xla_cpu_use_fusion_emitters": True} if PLAIN_EMITTERS else {})
"""``compiler_options`` of a ``jax.jit``: XLA's defaults."""
AS_USERS = {"XLA_FLAGS": ""}
"""The environment of a process that compiles as it does for users.
The bits it finds are not those of this process.
"""
