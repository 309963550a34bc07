"""What compiled code there is: functions of ``frictions.entry_points`` and
``frictionless.entry_points``, each of which does one lane.
"""

NAME = "qsim_kernels"
"""What the linker knows the code by; a task is ``NAME_task``."""

FRICTIONS = ("forward", "backward")
FRICTIONLESS = (
    "recur",
    "recur_back",
    "walk",
    "walk_back",
    "grown",
    "grown_back",
    "minutely",
    "minutely_back",
    "order",
)
TASKS = (*FRICTIONS, *FRICTIONLESS)
LONG = ("minutely", "minutely_back")
"""Those whose inner loops run over minutes."""
