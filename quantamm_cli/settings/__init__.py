"""Frozen, validated settings and the fingerprint that names a run. No JAX in here."""
