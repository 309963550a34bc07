"""The integers that tell the loop what to do: positions in one array that ``jax_ops``
fills and ``loop`` reads.
"""

FIELDS = (
    "length",  # minutes
    "chunk",
    "period",
    "method",
    "every",
    "stirred",
    "happens",
    "open_for",
    "pairs",
    "moves",
    "tested",  # whether gas or the arbitrageur's fee decide if there is a trade
    "noisy",
    "assets",
    "blocks",
    "asked",  # rows asked for
    "named",  # whether they are named, else all are asked for
    "stops",
    "growing",  # whether there is an LP supply
    "trades",  # places a minute
    "rows",  # of the feed
    "fee_step",  # 1 for a column of the feed, 0 for a number
    "gas_step",
    "arb_step",
    "split_step",
    "noise_step",
    "to_fee",  # whether its gradient is wanted
    "to_split",
    "to_noise",
)
(
    LENGTH,
    CHUNK,
    PERIOD,
    METHOD,
    EVERY,
    STIRRED,
    HAPPENS,
    OPEN_FOR,
    PAIRS,
    MOVES,
    TESTED,
    NOISY,
    ASSETS,
    BLOCKS,
    ASKED,
    NAMED,
    STOPS,
    GROWING,
    TRADES,
    ROWS,
    FEE_STEP,
    GAS_STEP,
    ARB_STEP,
    SPLIT_STEP,
    NOISE_STEP,
    TO_FEE,
    TO_SPLIT,
    TO_NOISE,
) = range(len(FIELDS))

TOLD = 2
"""Integers before them: what every task is told."""

METHODS = ("linear", "approx_optimal")
SEGMENT = 256
"""Visits between two marks, the states that the backward loop begins from."""
