"""Tables, plots and pages of results: pure functions of arrays and documents.

Only modules that draw import matplotlib.
"""
