"""Every tag that tells one stream of random numbers from another: a number that is used is never used again, nor changed.

A stream begins with ``[seed, TAG]`` or, where it is drawn anew at every step of a training, ``[seed, step, TAG]``. Names are
those of streams of ``noise`` and of the competition's market: ``[NAME, seed, ...]``.
"""

MEMBERS = 1
"""``core.params``: how the members of an ensemble stand apart. No step."""
WINDOWS = 1
"""``training.windows``: where the windows of a step begin in the history."""
REDRAWN_SETS = 2
"""``training.redraw``: sets in the place of those that diverged; which of them stands before the tag."""
PRICE_NOISE = 3
"""``training.noise``: factors on the prices of a step."""
PATHS = 4
"""``training.windows``: which paths of a practice the windows of a step are."""
MONTE_CARLO = 5
"""``market.monte_carlo``: the paths. No step."""
CMA_ES = 5
"""``training.cma_es``: the population of a step."""
STEP_RESPONSES = 6
"""``market.step``: minutes and directions of the steps in price. No step of a training."""
OPTUNA = 6
"""``training.optuna``: the sampler's own seed, of a step."""

COMPETITION_MARKET = "qsim market 1"
"""``competition.market.streams``; to be changed with the model."""
SYNTHETIC_MARKET = "qsim synthetic market 1"
"""``market.synthetic``; to be changed with the model."""
SYNTHETIC_SUPPLY = "qsim synthetic supply 1"
"""``market.supply``; to be changed with the model."""
