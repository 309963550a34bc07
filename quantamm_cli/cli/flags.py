"""Flags that several commands share; a flag of one command is declared in its file."""

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
    "the rule that selects stored parameters: " + ", ".join(LOADS),
    "METHOD",
    LOADS,
    short=_SHORT,
)
RUN = Flag("run", ("--run",), "use this run: a path, or 6 or more digits of its name", "RUN")
MINIMUM = Flag(
    "minimum",
    ("--min",),
    "minimum score on the other period, for best_train_min_test, best_test_min_train (0)",
    "X",
    number=True,
)
BY = Flag(
    "by_metric",
    ("--by",),
    "the metric that --load compares, over all steps (default: the one that selects in training)",
    "METRIC",
    argument="by",
)
PERIODS = Flag(
    "periods",
    ("--periods",),
    "also score your own periods, each from a fresh start: [NAME=]START..END,...",
    "DATES",
)
SETS = Flag(
    "sets", ("--sets",), "also score parameter sets of the chosen step: all, or 0,2,3", "SETS"
)
CURVATURE = Flag(
    "curvature",
    ("--curvature",),
    "also compute the trace of the training objective's Hessian (slow to compile)",
)
PLOTS = Flag("plots", ("--plots",), "write plots (PNG) beside trajectory.npz")
DRY_RUN = Flag(
    "dry_run", ("--dry-run",), "print settings, fingerprint and path; compute and write nothing"
)
FRESH = Flag("fresh", ("--fresh",), "start over; old files are renamed, not deleted")
OTHER_DATA = Flag(
    "other_data",
    ("--other-data",),
    "go on with a stored result although a file it was made from has changed; say so",
)
OUT = Flag(
    "out",
    ("--out",),
    "also write the trajectory (of a grid: its points) to this file: .npz, .parquet or .csv",
    "FILE",
    exclusive="run",
)
COMPOSING = (
    Flag(
        "multirun",
        ("-m", "--multirun"),
        "run every combination of comma-separated values",
        exclusive="run",
    ),
    Flag(
        "cfg",
        ("--cfg", "-c"),
        "print the composed settings (job, hydra, all) and exit",
        "WHAT",
        ("job", "hydra", "all"),
        exclusive="run",
    ),
    Flag("package", ("-p", "--package"), "with --cfg: only this part", "KEY"),
    Flag("resolve", ("--resolve",), "with --cfg: resolve interpolations"),
    Flag(
        "info",
        ("--info", "-i"),
        "where settings come from: " + ", ".join(_INFOS),
        "[WHAT]",
        _INFOS,
        "all",
        exclusive="run",
    ),
)
"""The flags of every command that runs on composed settings."""
ALWAYS = (
    Flag(
        "config_dir", ("--config-dir", "-cd"), "a folder of settings to search before ./conf", "DIR"
    ),
    Flag("json", ("--json",), "print the result as one JSON object"),
    Flag("quiet", ("-q", "--quiet"), "no progress, no notes"),
    Flag("verbose", ("-v", "--verbose"), "print details and progress"),
    Flag("help", ("-h", "--help"), "print this text"),
)
"""The flags of every command."""
