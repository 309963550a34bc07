"""Scoring what was fitted."""
