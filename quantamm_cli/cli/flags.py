"""Flags that several commands have. A flag of one command stands in its file."""

from quantamm_cli.cli.command import Flag

LOADS = (
    "last",
    "best_objective",
    "best_train",
    "best_validation",
    "best_test",
    "best_train_min_test",
    "best_test_min_train",
)
_SHORT = {f"{name}_objective": name for name in LOADS if name not in ("last", "best_objective")}
_INFOS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")

LOAD = Flag(
    "load",
    ("--load",),
    "which stored parameters: " + ", ".join(LOADS),
    "METHOD",
    LOADS,
    short=_SHORT,
)
RUN = Flag(
    "run", ("--run",), "another run, to begin with: a path, or 6 or more digits of its name", "RUN"
)
MINIMUM = Flag(
    "minimum",
    ("--min",),
    "least other metric for best_train_min_test, best_test_min_train (0)",
    "X",
    number=True,
)
PERIODS = Flag(
    "periods",
    ("--periods",),
    "score own dates, each from a fresh start: [NAME=]START..END,...",
    "DATES",
)
SETS = Flag(
    "sets",
    ("--sets",),
    "parameter sets of the chosen step beside each other: all, or 0,2,3",
    "SETS",
)
CURVATURE = Flag(
    "curvature",
    ("--curvature",),
    "trace of the training objective's Hessian, too (slow to compile)",
)
PLOTS = Flag("plots", ("--plots",), "write PNGs beside trajectory.npz")
DRY_RUN = Flag("dry_run", ("--dry-run",), "print settings, fingerprint and place; touch nothing")
FRESH = Flag("fresh", ("--fresh",), "start over; old files are kept beside")
COMPOSING = (
    Flag(
        "multirun",
        ("-m", "--multirun"),
        "run every combination of comma-separated values",
        instead="run",
    ),
    Flag(
        "cfg",
        ("--cfg", "-c"),
        "print the composed settings (job, hydra, all) and stop",
        "WHAT",
        ("job", "hydra", "all"),
        instead="run",
    ),
    Flag("package", ("-p", "--package"), "with --cfg: only this part", "KEY"),
    Flag("resolve", ("--resolve",), "with --cfg: with interpolations resolved"),
    Flag(
        "info",
        ("--info", "-i"),
        "how the settings are found: " + ", ".join(_INFOS),
        "[WHAT]",
        _INFOS,
        "all",
        instead="run",
    ),
)
"""Of every command that runs on composed settings."""
ALWAYS = (
    Flag(
        "config_dir", ("--config-dir", "-cd"), "a folder of settings searched before ./conf", "DIR"
    ),
    Flag("json", ("--json",), "print one JSON object"),
    Flag("quiet", ("-q", "--quiet"), "no progress, no notes"),
    Flag("verbose", ("-v", "--verbose"), "say more"),
    Flag("help", ("-h", "--help"), "this text"),
)
"""Of every command."""
