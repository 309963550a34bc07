"""Drawings and pages of what was run: pure functions from arrays and tables.

Only modules that draw import matplotlib.
"""
