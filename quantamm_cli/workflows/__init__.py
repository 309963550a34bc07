"""What a command does: typed settings in, results out.

Nothing here prints, parses words or handles signals.
"""
