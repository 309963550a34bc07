"""The Python API: composed settings, and one function for each command.

Its names are public as attributes of ``quantamm_cli``.
"""
