"""Compiled code for the CPU: ``minutes`` is the loop with frictions, ``coarse`` the frictionless path; here is what both stand on.

Arithmetic is written in Python, compiled once for a processor and kept as one file of machine code (``compile``, ``build``). XLA
calls it through its foreign function interface (``frame``, ``threads``); ``call`` makes JAX operations of it.
"""
