"""Scores and statistics of parameter sets, runs and walk-forwards."""
