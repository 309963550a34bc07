"""Display names of strategies, and the metrics of short tables."""

STRATEGIES = {
    "pool": "this pool",
    "hodl": "HODL",
    "uniform_hodl": "uniform HODL",
    "constant_weight": "constant weights",
    "lvr": "LVR portfolio",
    "rvr": "RVR portfolio",
    "random": "random parameters",
}

SHOWN = (
    ("return", "returns", "+.2%"),
    ("vs HODL", "returns_over_hodl", "+.2%"),
    ("vs uniform", "returns_over_uniform_hodl", "+.2%"),
    ("daily log Sharpe", "daily_log_sharpe", ".3f"),
    ("worst week", "weekly_max_drawdown", ".2%"),
    ("Calmar", "calmar", ".3f"),
)
"""Heading, metric, format."""

PARTS = (
    ("return", "returns"),
    ("HODL", "hodl"),
    ("divergence loss", "divergence_loss"),
    ("moving weights", "alpha"),
    ("fees, frictions", "frictions"),
)
"""Heading and name of a return and its parts."""
