"""Frozen, validated settings and the fingerprint that names a run. It imports no JAX."""
