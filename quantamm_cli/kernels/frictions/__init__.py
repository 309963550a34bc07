"""The loop over minutes of geometric mean pools, value and adjoint;
``jax_ops`` is what the rest of the program sees.
"""
