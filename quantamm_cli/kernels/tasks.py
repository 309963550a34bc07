"""The list of compiled tasks: functions of ``frictions.entry_points`` and
``frictionless.entry_points``, each of which does one lane.
"""

NAME = "qsim_kernels"
"""The linker's symbol of ``threads.handle``; that of a task is ``NAME_task``."""

FRICTIONS = ("forward", "backward")
FRICTIONLESS = (
    "recur",
    "recur_back",
    "guarded_weights",
    "guarded_weights_back",
    "log_growth",
    "log_growth_back",
    "minutely",
    "minutely_back",
    "order_statistics",
)
TASKS = (*FRICTIONS, *FRICTIONLESS)
FAMILIES = {"frictions": FRICTIONS, "frictionless": FRICTIONLESS}
"""Tasks that are compiled together, each family when one of it is first called."""
LONG = ("minutely", "minutely_back")
"""Tasks whose inner loops run over minutes."""


def family_of(task: str) -> str:
    """The family of a task."""
    return next(family for family, tasks in FAMILIES.items() if task in tasks)
