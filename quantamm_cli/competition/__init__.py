"""Competitions of pools for the same order flow: many strategies in one market, on equal seeds."""
