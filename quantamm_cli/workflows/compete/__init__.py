"""Competitions of strategies: played, judged, swept, trained, replayed, verified and ranked."""
