"""Compiled code for the CPU: ``frictions`` has the minute loop with frictions, ``frictionless`` the
frictionless path; the modules here serve both.

The arithmetic is Python, compiled once for a processor and stored as one file of machine code
(``compile``, ``build``). XLA calls it through its foreign function interface (``xla_ffi_layout``,
``threads``); ``jax_ops`` turns it into JAX operations.
"""
