"""The loop over minutes of geometric mean pools and its adjoint; ``jax_ops`` is its interface."""
