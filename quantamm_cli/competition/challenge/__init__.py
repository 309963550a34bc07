"""``compat=challenge``: the original's engine, as it is, so that its official scores come out.

Its searches are coarse and its router compares five splits, which pays high fees up to 14 Y too
much; the project's own engine has neither fault.
"""

from quantamm_cli.competition.challenge.compat import challenge

__all__ = ["challenge"]
