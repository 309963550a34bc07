"""``compat=challenge``: the original challenge's engine, which reproduces its official scores.

Its searches are coarse, and its router compares only five splits, which gives pools with high fees
up to 14 Y too much. The project's own engine solves both exactly.
"""

from quantamm_cli.competition.challenge.compat import challenge

__all__ = ["challenge"]
