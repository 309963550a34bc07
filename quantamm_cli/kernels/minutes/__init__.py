"""The loop over minutes of geometric mean pools, value and adjoint; ``call`` is what the rest of the program sees."""
