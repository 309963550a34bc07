"""The run store: checkpoints, histories and arrays on disk, whole or not at all.

Only this package writes under ``runs/``.
"""
