"""Compiled code for the CPU: ``frictions`` is the loop with frictions, ``frictionless`` the
frictionless path; here is what both stand on.

Arithmetic is written in Python, compiled once for a processor and kept as one file of machine code
(``compile``, ``build``). XLA calls it through its foreign function interface (``xla_ffi_layout``,
``threads``); ``jax_ops`` makes JAX operations of it.
"""
