"""The integers that control the loop: positions in one array that ``jax_ops`` fills and ``loop``
reads.
"""

FIELDS = (
    "length",  # minutes
    "chunk",
    "period",
    "method",
    "every",
    "has_flows",  # whether there are trades or an LP supply, so that every minute is computed
    "begun",  # whether the first visit is over: the opening reserves are those after it
    "do_arb",  # whether an arbitrageur comes at all
    "open_for",
    "pairs",
    "moves",
    "tested",  # whether gas or the arbitrageur's fee decide if there is a trade
    "noisy",
    "assets",
    "blocks",
    "requested",  # the number of rows to return
    "named",  # whether those rows are listed, else they are all
    "stops",
    "growing",  # whether there is an LP supply
    "trades",  # trades a minute, at most
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
    HAS_FLOWS,
    BEGUN,
    DO_ARB,
    OPEN_FOR,
    PAIRS,
    MOVES,
    TESTED,
    NOISY,
    ASSETS,
    BLOCKS,
    REQUESTED,
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

HEADER = 2
"""The number of integers before them, which every task has: the task and the axes of its first
result.
"""

METHODS = ("linear", "approx_optimal")
SEGMENT = 256
"""Visits between two marks, the stored states from which the backward loop starts."""
