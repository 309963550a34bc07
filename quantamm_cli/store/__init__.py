"""The run store: checkpoints, histories and arrays on disk, written atomically.

Only this package writes under ``runs/``.
"""
