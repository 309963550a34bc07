"""Competitions of strategies: played, scored, swept, trained, replayed, verified and ranked."""
