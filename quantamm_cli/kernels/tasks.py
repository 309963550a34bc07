"""What compiled code there is: functions of ``minutes.lanes`` and ``coarse.lanes``, each of which does one lane."""

NAME = "qsim_kernels"
"""What the linker knows the code by; a task is ``NAME_task``."""

MINUTES = ("forward", "backward")
COARSE = (
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
TASKS = (*MINUTES, *COARSE)
LONG = ("minutely", "minutely_back")
"""Those whose inner loops run over minutes."""
