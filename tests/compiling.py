"""How programs of tests are compiled: quickly, as most run once and on little; or as users' are, where it is the last digits or the
time to compile that is tested.

Quickly is without fused multiply-adds and with XLA's plain emitters: a third of the time. Other flags, or none (``XLA_FLAGS=``), come first.
"""

QUICKLY = (
    "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=0"
    " --xla_llvm_disable_expensive_passes=true --xla_cpu_parallel_codegen_split_count=1"
)
FOR_USERS = {
    "xla_cpu_use_fusion_emitters": True,
    "xla_backend_optimization_level": 3,
    "xla_llvm_disable_expensive_passes": False,
    "xla_cpu_parallel_codegen_split_count": 32,
}
"""``compiler_options`` of a ``jax.jit``: XLA's defaults."""
AS_USERS = {"XLA_FLAGS": ""}
"""The environment of a process that compiles as it does for users. The bits it finds are not those of this process."""
