"""Runs pools over markets."""
