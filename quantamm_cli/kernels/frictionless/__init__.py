"""Compiled code of the frictionless path for the CPU: recurrences, guarded weights, closed forms,
order statistics.
"""
