"""What compiled code there is: a spec says the position of its task."""

TASKS = ("recur", "recur_back", "walk", "walk_back", "grown", "grown_back", "minutely", "minutely_back", "order")
"""Functions of ``lanes``."""
